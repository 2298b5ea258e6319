"""What a case is to begin with as its opening is corrected, and what stands in the way of annulling it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from twinflow.domain.agreement.agreement import Claim, Party, Term
from twinflow.domain.agreement.entries import (
    Began,
    Correction,
    OfficeMove,
    beginning,
)
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.corrections.request import Request, misread
from twinflow.domain.corrections.sent_away import is_taken_back
from twinflow.domain.process.definition import LIAISON
from twinflow.domain.process.well_known_facts import IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON
from twinflow.domain.steps.dossier import facts_of_signature
from twinflow.domain.steps.opening import NewAgreement, problems_of_opening, title_of, wrong_kind
from twinflow.errors import Unreadable
from twinflow.sentences import Sentence

OF_THE_OPENING = ("on", "title", "office", "origin", "note", "state", "term.NAME", "party.NAME", "country.NAME")
"""What can be corrected, by name, beside the facts."""


def corrected_opening(request: Request, old: HistoryEntry) -> HistoryEntry:
    """What the opening is to say; reasons against it are noted. Of a sheet's case what follows is asked for as well."""
    if not is_taken_back(request):
        request.about_the_person(frozenset({LIAISON}))
    command, began = request.command, Began.read(old)
    assert began is not None
    if command.correction is Correction.WITHDRAW:
        request.reasons.append(Sentence("An opening is not withdrawn; a case opened by mistake is annulled."))
    if command.correction is Correction.ANNUL:
        _against_annulling(request)
    if command.correction is not Correction.REPLACE:
        return old
    if old.kind is EntryKind.IMPORTED:
        command = request.command = replace(command, asked=_with_what_follows(request, old, began))
    facts, terms, parties = _facts(request, began), _terms(request, began), _parties(request, began)
    plain = {name: command.asked.get(name, getattr(began, name)) for name in ("title", "office", "origin", "note")}
    if not plain["title"].strip() or ("title" not in command.asked and began.title == title_of(began.parties)):
        plain["title"] = title_of(parties)
    began = replace(began, **plain, facts=facts, terms=terms, parties=parties)
    state = command.asked.get("state", old.to_state or "")
    _about_the_office(request, began.office)
    corrected = request.on_its_day(old)
    new = NewAgreement(
        reference=request.agreement.reference,
        process=request.agreement.process,
        office=began.office,
        title=began.title,
        opened_on=corrected.effective_on,
        parties=began.parties,
        state=state,
        terms=began.terms,
        facts=began.facts,
        origin=began.origin,
        note=began.note,
        kind=old.kind,
    )
    for problem in problems_of_opening(new, request.definition, request.today):
        request.reasons.append(Sentence("{place}: {mistake}", {"place": problem.place, "mistake": problem.message}))
    return beginning(replace(corrected, to_state=state), began)


def _about_the_office(request: Request, key: str) -> None:
    offices, definition, today = request.people.offices, request.definition, request.today
    if any(OfficeMove.accepted(entry) for entry in request.agreement.history):
        if "office" in request.command.asked:
            values: dict[str, object] = {"office": request.agreement.office, "reference": request.agreement.reference}
            request.reasons.append(
                Sentence(
                    "It was moved to {office} since; who keeps it now changes by another move: "
                    "twinflow agreements move {reference} --to OFFICE --reason WHY --as SUPERVISOR",
                    values,
                )
            )
        return
    if key not in offices:
        values = {"office": key, "offices": sorted(offices)}
        request.reasons.append(Sentence("There is no office {office}; there are {offices}.", values))
    elif (wrong := wrong_kind(definition, offices[key].kind, today)) is not None:
        request.reasons.append(wrong)
    elif key != request.agreement.office and not request.people.holders_for(definition, LIAISON, key, today):
        values = {"office": key, "role": definition.roles[LIAISON].label}
        request.reasons.append(Sentence("Nobody is {role} of {office}: nobody could correct it again.", values))


def _of(request: Request, kind: str, known: Sequence[str]) -> dict[str, str]:
    """What is asked for of some things by name, like `term.validity`."""
    asked = {
        name.removeprefix(f"{kind}."): text
        for name, text in request.command.asked.items()
        if name.startswith(f"{kind}.")
    }
    unknown = sorted(asked.keys() - set(known))
    if unknown:
        request.about_unknown([f"{kind}.{name}" for name in unknown], [f"{kind}.{name}" for name in sorted(known)])
    return {name: text for name, text in asked.items() if name in known}


def _facts(request: Request, began: Began) -> dict[str, tuple[Claim, ...]]:
    """The facts, the chosen claim of each as it is asked for; an empty one goes."""
    records, asked = request.definition.records, request.command.asked
    plain = {name for name in OF_THE_OPENING if "." not in name}
    unknown = sorted(name for name in asked if "." not in name and name not in plain and name not in records)
    if unknown:
        request.about_unknown(unknown, [*OF_THE_OPENING, *records])
    facts = dict(began.facts)
    for name in asked.keys() & records.keys():
        text, claims = asked[name], facts.get(name, ())
        try:
            value = PartialDate.parse(text) if name.endswith("_on") else text
        except Unreadable as error:
            request.reasons.append(misread(name, text, error))
            continue
        following = began.facts.get(SIGNED_ON, ()) if name in (IN_FORCE_ON, TERM_STARTS_ON) else ()
        source = next((claim.source for claim in (*claims, *following) if claim.chosen), "")
        others = tuple(claim for claim in claims if not claim.chosen)
        if name == SIGNED_ON and _signed_on_a_sheet(began):
            facts |= {} if _half_signed(began) else {name: (Claim(value, source), *others)}
        elif not text:
            facts.pop(name, None)
        elif [claim.value for claim in claims if claim.chosen] != [value]:
            facts[name] = (Claim(value, source), *others)
    return facts


def _terms(request: Request, began: Began) -> dict[str, Term]:
    terms = dict(began.terms)
    for name, text in _of(request, "term", list(request.definition.terms)).items():
        try:
            terms[name] = Term.parse(text, terms[name].source if name in terms else "")
        except Unreadable as error:
            request.reasons.append(misread(f"term.{name}", text, error))
    return terms


def _parties(request: Request, began: Began) -> tuple[Party, ...]:
    known = [party.name for party in began.parties]
    names, countries = _of(request, "party", known), _of(request, "country", known)
    signed_on = request.command.asked.get(SIGNED_ON)
    parties = began.parties if signed_on is None else _signed_otherwise(began, signed_on)
    return tuple(replace(p, name=names.get(p.name, p.name), country=countries.get(p.name, p.country)) for p in parties)


def _against_annulling(request: Request) -> None:
    agreement, steps = request.agreement, request.definition.steps
    if agreement.children:
        children = [child.reference for child in agreement.children]
        request.reasons.append(
            Sentence("These belong to it: {references}; annul them first.", {"references": children})
        )
    if request.command.never_happened:
        return
    if any(party.signature is not None for party in agreement.parties):
        request.reasons.append(
            Sentence(
                "A party has signed: such a case is ended, not annulled. If it never was, say so with --never-happened; a "
                "second person has to confirm it."
            )
        )
    for entry in agreement.history:
        step = steps.get(entry.step or "") if entry.kind is EntryKind.STEP else None
        if step is not None and (step.stands or step.per_party == "signature"):
            values = {"step": step.label, "day": entry.effective_on}
            request.reasons.append(Sentence("“{step}” was done on {day}: such a case is ended, not annulled.", values))


def _with_what_follows(request: Request, old: HistoryEntry, began: Began) -> dict[str, str]:
    """What is asked for of a case that came from a sheet, and what the sheet would say with it of what it makes of the day of
    signature: entry into force, the start of the term, the state, and the day since when it is in it.
    """
    asked = request.command.asked
    if SIGNED_ON not in asked or not _signed_on_a_sheet(began):
        return dict(asked)
    try:
        day = PartialDate.parse(asked[SIGNED_ON])
    except Unreadable:
        return dict(asked)
    follows = {}
    if not _half_signed(began):
        given, was = facts_of_signature(day), _chosen(began, SIGNED_ON)
        own = [name for name in (IN_FORCE_ON, TERM_STARTS_ON) if _chosen(began, name) in ("", was)]
        follows = {name: str(given.get(name, "")) for name in own}
    by_day = began.by_day or ((old.to_state or "",) * 2 if old.effective_on == _day_of_signature(began) else ())
    if by_day:
        follows["state"] = by_day[0 if day.as_date is not None else 1]
        follows["on"] = str(day.as_date or request.agreement.tracked_from)
    return {**follows, **asked}


def _signed_otherwise(began: Began, signed_on: str) -> tuple[Party, ...]:
    """The parties, those that have signed with the day that is right, as far as it can be read."""
    try:
        day = PartialDate.parse(signed_on)
    except Unreadable:
        return began.parties
    return tuple(
        p if p.signature is None else replace(p, signature=replace(p.signature, on=day)) for p in began.parties
    )


def _signed_on_a_sheet(began: Began) -> bool:
    """Whether the case began with signatures, as only a sheet has them."""
    return any(party.signature is not None for party in began.parties)


def _half_signed(began: Began) -> bool:
    return _signed_on_a_sheet(began) and any(party.signature is None for party in began.parties)


def _day_of_signature(began: Began) -> date | None:
    return next((party.signature.on.as_date for party in began.parties if party.signature is not None), None)


def _chosen(began: Began, name: str) -> str:
    """The chosen claim of a fact that the case began with; empty where there is none."""
    return next((str(claim.value) for claim in began.facts.get(name, ()) if claim.chosen), "")
