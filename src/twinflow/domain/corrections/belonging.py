"""An agreement and what belongs to it go by one office and by the same names, also once one of them is corrected."""

import shlex
from collections.abc import Iterable, Iterator

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Corrected
from twinflow.sentences import Sentence


def apart_from(parent: Agreement, before: Agreement, after: Agreement) -> Iterator[Sentence]:
    """That a case would have another office than `parent`, which it belongs to, or a party of that by another name."""
    if after.office not in (before.office, parent.office):
        values: dict[str, object] = {"parent": parent.reference, "office": parent.office}
        yield Sentence("{parent} is kept by another office: {office}.", values)
    theirs = [party.name for party in parent.parties]
    for old, new in _renamed(before, after).items():
        if old in theirs and new not in theirs:
            values = {"parent": parent.reference, "old": old, "new": new}
            yield Sentence("It is {old} in {parent}, and not {new}: correct it there first.", values)


def left_behind(
    before: Agreement, after: Agreement, children: Iterable[Agreement], said: Corrected, person: str
) -> Iterator[Sentence]:
    """What belongs to a corrected case and still goes by what was wrong, each with the command that corrects it, as `person`."""
    renamed = _renamed(before, after)
    for child in children:
        own = [party.name for party in child.parties]
        asked = [f"party.{old}={new}" for old, new in renamed.items() if old in own]
        if before.office != after.office and child.office == before.office:
            asked.append(f"office={after.office}")
        if not asked or child.annulled_on is not None:
            continue
        options = [word for each in asked for word in ("--set", each)]
        despite = ["--despite", said.despite] if said.despite else []
        words = ["agreements", "correct", child.reference, "1", *options, "--as", person, "--reason", said.reason]
        values = {"child": child.reference, "command": shlex.join(["twinflow", *words, *despite])}
        yield Sentence("{child} belongs to it and is as it was; correct it as well: {command}", values)


def _renamed(before: Agreement, after: Agreement) -> dict[str, str]:
    pairs = zip(before.parties, after.parties, strict=True)
    return {old.name: new.name for old, new in pairs if old.name != new.name}
