"""Whether what is written of an agreement is what was written: each thing that is not, by name, with what it should be."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Corrected
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.kept_by import kept_by
from twinflow.domain.agreement.seals import ENTRY, PARTS, Head, Written, sealed
from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.agreement.written import OF_ALERT, WrittenAgreement, WrittenAlert, WrittenEntry, WrittenLink
from twinflow.sentences import Sentence

KIND, ACTOR, ON, AT, DETAILS = (
    ENTRY.index(name) for name in ("kind", "actor", "effective_on", "recorded_at", "details")
)
TAKEN_BACK = str(AlertSubject.deadline(""))
FROM_ENTRY = ("notice", "subject", "level", "role", "recipient")
"""What an entry says of an alert, by the names it has there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not as it was written, or not as it should be; `reference` is that of the agreement it is about, if it is."""

    sentence: Sentence
    reference: str = ""


def faults_of(found: WrittenAgreement) -> Iterator[Fault]:
    """What does not come out of the history, the content and the alerts of an agreement."""
    said = [*_of_history(found), *_of_links(found), *_of_content(found), *_of_alerts(found)]
    yield from (Fault(sentence, found.reference) for sentence in said)


def _of_history(found: WrittenAgreement) -> Iterator[Sentence]:
    previous, known = "", {"", *(each.seal for each in found.history)}
    for number, entry in enumerate(found.history, start=1):
        if sealed(previous, entry.written) != entry.seal:
            yield _broken(number, entry, previous, known)
        previous = entry.seal
    count = len(found.history)
    if count < found.head.entries:
        values = {"count": count, "written": found.head.entries, "missing": found.head.entries - count}
        yield Sentence("the history has {count} entries, and {written} were written: {missing} are missing", values)
    if count > found.head.entries:
        values = {"count": count, "written": found.head.entries}
        yield Sentence("the history has {count} entries, and only {written} were written by twinflow", values)
    if previous != found.head.seal:
        what = _entry_in_words(found.history[-1]) if found.history else Sentence("nothing")
        yield Sentence(
            "the history does not end with the entry that was written last: it ends with {entry}", {"entry": what}
        )


def _broken(number: int, entry: WrittenEntry, previous: str, known: set[str]) -> Sentence:
    values = {"number": number, "entry": _entry_in_words(entry)}
    if any(sealed(other, entry.written) == entry.seal for other in known if other != previous):
        return Sentence("entry {number} ({entry}) does not stand in its place: another one came before it", values)
    if not entry.seal:
        return Sentence("entry {number} ({entry}) has no seal: it was not written by twinflow", values)
    return Sentence(
        "entry {number} ({entry}) does not rest on the one before it: it was changed, or what stood before it was",
        values,
    )


def _entry_in_words(entry: WrittenEntry) -> Sentence:
    kind, step = entry.written[KIND], entry.written[ENTRY.index("step")]
    values = {
        "what": f"{kind} {step}" if step else str(kind),
        "actor": str(entry.written[ACTOR]),
        "on": str(entry.written[ON]),
        "at": str(entry.written[AT])[:16],
        "row": entry.row,
    }
    return Sentence("{what} by {actor}, effective on {on}, recorded at {at} UTC, row {row}", values)


def _of_links(found: WrittenAgreement) -> Iterator[Sentence]:
    """Every link names a seal that is still in the history, at its place; the last one also what the agreement held."""
    seals = ["", *(entry.seal for entry in found.history)]
    for link in found.links:
        place = link.head.entries
        if place >= len(seals) or seals[place] != link.head.seal:
            values = {"link": link.link, "number": place}
            yield Sentence("link {link} of the chain knows another entry {number} than the history has", values)
            return
    last = found.links[-1] if found.links else None
    if found.linked != (last.head.seal + last.content if last is not None else ""):
        yield Sentence("a link of the chain that had it is gone, or was altered")
    elif last is not None and last.head == found.head and last.content != found.content:
        yield Sentence("link {link} of the chain knows another content of the agreement", {"link": last.link})


def _of_content(found: WrittenAgreement) -> Iterator[Sentence]:
    left, present = found.content.split("."), found.present.split(".")
    changed = [part for part, was, now in zip(PARTS, left, present, strict=False) if was != now]
    if len(left) != len(PARTS):
        yield Sentence("nothing is known of what it held: its digest is no digest of twinflow")
    elif changed:
        yield from (OF_PARTS[part] for part in changed)


OF_PARTS = {
    "head": Sentence("its title, office, state, process, version, parent or another column of its row was changed"),
    "parties": Sentence("a party or signature was changed, added or removed"),
    "terms": Sentence("a term was changed, added or removed"),
    "facts": Sentence("a fact was changed, added or removed"),
}


def of_state(agreement: Agreement) -> Iterator[Sentence]:
    """Whether it is in the state that its history leads to, kept by the office that it says, and annulled if that says so."""
    state, history = agreement.state, agreement.history
    annulled_on = _annulled_on(agreement)
    if annulled_on != agreement.annulled_on:
        values = {"there": agreement.annulled_on or "–", "day": annulled_on or "–"}
        yield Sentence("it is annulled on {there}; by its history it was on {day}", values)
    led_to = [entry.to_state for entry in history if entry.to_state]
    if led_to and led_to[-1] != state:
        yield Sentence("its state is {state}; by its history it is {other}", {"state": state, "other": led_to[-1]})
    office = kept_by(history)
    if office not in {None, agreement.office}:
        values = {"office": agreement.office, "other": office}
        yield Sentence("it is kept by {office}; by its history it is by {other}", values)


def _annulled_on(agreement: Agreement) -> date | None:
    """The day by the history; None where it was not annulled, or that waits for a second person."""
    days = (
        entry.effective_on
        for entry in agreement.history
        if (said := Corrected.read(entry)) is not None and said.annulled and not said.second
    )
    return next(days, None)


def _of_alerts(found: WrittenAgreement) -> Iterator[Sentence]:
    """Every alert has its entry and every entry its alert, or it was taken back; each goes with a message to its reader."""
    said = [_alert_said(entry) for entry in found.history if entry.written[KIND] == EntryKind.ALERT.value]
    entries = Counter(map(str, filter(None, said)))
    told = [(each, str(_told(each))) for each in found.alerts]
    for alert, key in told:
        if entries[key] > 0:
            entries[key] -= 1
        else:
            yield Sentence(
                "the alert {alert} has no entry in the history that says the same", {"alert": _alert_in_words(alert)}
            )
        if alert.reader is None:
            yield Sentence("the alert {alert} has no message that carries it", {"alert": _alert_in_words(alert)})
        elif alert.reader != alert.written[OF_ALERT.index("recipient")]:
            yield Sentence(
                "the alert {alert} goes with a message to {reader}",
                {"alert": _alert_in_words(alert), "reader": alert.reader},
            )
    for alert in found.released:
        key = str(_told(alert))
        if entries[key] > 0:
            entries[key] -= 1
        else:
            yield Sentence(
                "the alert {alert} is said to be taken back, and no entry says that it was told",
                {"alert": _alert_in_words(alert)},
            )
        if not str(alert.written[OF_ALERT.index("subject")]).startswith(TAKEN_BACK):
            yield Sentence(
                "the alert {alert} is said to be taken back: twinflow takes back what is told of a deadline alone",
                {"alert": _alert_in_words(alert)},
            )
    for key, count in (+entries).items():
        what = next(each for each in said if each is not None and str(each) == key)
        values = {
            "subject": str(what[1]),
            "level": str(what[2]),
            "reader": str(what[4]),
            "on": str(what[6]),
            "count": count,
        }
        yield Sentence(
            "the alert of {subject}, {level}, to {reader}, of {on} is gone: the history says it was told", values
        )


def _alert_said(entry: WrittenEntry) -> Written | None:
    """What an entry says of its alert; None for one that says nobody was told."""
    details = entry.written[DETAILS]
    if not isinstance(details, dict) or "vacant" in details:
        return None
    told = [details.get(name, "") for name in FROM_ENTRY]
    more = {name: value for name, value in details.items() if name not in {*FROM_ENTRY, "stands_for"}}
    return (*told, details.get("stands_for", ""), entry.written[ON], entry.written[AT], sorted(more.items()))


def _told(alert: WrittenAlert) -> Written:
    has = dict(zip(OF_ALERT, alert.written, strict=True))
    details = has["details"]
    more = sorted(details.items()) if isinstance(details, dict) else details
    return (
        *(has[name] for name in FROM_ENTRY), has["stands_for"], has["effective_on"], has["recorded_at"], more,
    )  # fmt: skip


def _alert_in_words(alert: WrittenAlert) -> Sentence:
    has = dict(zip(OF_ALERT, map(str, alert.written), strict=True))
    return Sentence("of {subject}, {level}, to {recipient}, of {effective_on} (row {row})", {**has, "row": alert.row})


NOT_AS_WRITTEN = Sentence(
    "link {number} of the chain, of {at} UTC, is not as it was written, or does not rest on the one before it"
)


def faults_of_chain(head: Head, links: Sequence[WrittenLink]) -> tuple[list[Fault], Head]:
    """What does not come out of these links after the one at `head`, and where the chain stands after them."""
    faults = []
    for link in links:
        if link.number != head.entries + 1:
            values = {"number": head.entries + 1, "link": link.number}
            faults.append(Fault(Sentence("link {number} of the chain is missing: link {link} follows", values)))
        if link_seal(head.seal, link.number, link.at, link.items) != link.seal:
            faults.append(Fault(Sentence(NOT_AS_WRITTEN.template, {"number": link.number, "at": str(link.at)[:16]})))
        head = Head(link.seal, link.number)
    return faults, head


def link_seal(previous: str, number: int, at: str, items: Sequence[Written]) -> str:
    return sealed(previous, [number, at, *map(list, items)])
