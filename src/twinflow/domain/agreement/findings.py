"""What is missing or contradictory in a case, apart from deadlines: things the liaison has to settle."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from twinflow.domain.agreement.agreement import Finding, FindingCode, KnownFinding, PresentAgreement
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.well_known_facts import SIGNED_ON


def findings(agreement: PresentAgreement, definition: ProcessDefinition, kind: str = "") -> tuple[Finding, ...]:
    """What there is to settle in a case that an office of the kind keeps (empty: not known)."""
    return tuple(_findings(agreement, definition, kind))


def _findings(agreement: PresentAgreement, definition: ProcessDefinition, kind: str) -> Iterator[Finding]:
    if agreement.annulled_on is not None:
        return
    if kind and kind not in definition.home_kinds:
        yield Finding(FindingCode.WRONG_OFFICE, agreement.office)
    state = definition.states[agreement.state]
    if state.signed and agreement.day_of(SIGNED_ON) is None:
        yield Finding(FindingCode.DATE_MISSING, SIGNED_ON)
    unsigned = agreement.unsigned
    if not state.final and len(unsigned) < len(agreement.parties):
        for party in unsigned:
            yield Finding(FindingCode.SIGNATURE_MISSING, party.name)
    for key, term in agreement.terms.items():
        if term.is_contradictory:
            yield Finding(FindingCode.TERMS_CONFLICT, key)
        rule = definition.terms.get(key)
        if rule is not None and rule.at_most is not None and term.exceeds(rule.at_most, agreement.tracked_from):
            yield Finding(FindingCode.TERM_BEYOND_BOUND, key)
    if state.signed or not any(each.signed for each in definition.states.values()):
        for key in sorted({term for each in agreement.deadlines if each.is_open for term in each.assumed}):
            yield Finding(FindingCode.TERM_ASSUMED, key)
    for key, claims in agreement.facts.items():
        chosen = [claim.value for claim in claims if claim.chosen]
        if any(claim.value not in chosen for claim in claims):
            yield Finding(FindingCode.DATES_DISAGREE, key)


def found_anew(known: Sequence[KnownFinding], found: Iterable[Finding]) -> Iterator[KnownFinding]:
    """What is gone is settled; what comes back is told again."""
    present = set(found)
    for each in known:
        if each.finding not in present:
            yield replace(each, settled=True)
        elif each.settled:
            yield KnownFinding(each.finding, each.occurrence + 1)
        else:
            yield each
    new = present - {each.finding for each in known}
    yield from map(KnownFinding, sorted(new, key=lambda finding: (finding.code.value, finding.subject)))
