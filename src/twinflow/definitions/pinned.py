"""Cases go by the text that was pinned with them, whatever becomes of the files."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from twinflow.definitions.catalogue import WhenAsked, readers_of
from twinflow.definitions.reader import read_kept
from twinflow.domain.process.catalogue import Catalogue, OutOfUse, Pin
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.sentences import Sentence


def unknown(rulebook: Rulebook, pins: Collection[Pin]) -> set[Pin]:
    """Those of which neither a file says the same, nor what has been read from the books."""
    return {pin for pin in _not_in_files(rulebook.catalogue, pins) if pin.name not in rulebook.kept}


def to_be_known(running: Collection[Pin], kept: Collection[Pin]) -> set[Pin]:
    """What cases run on, and what is kept beside it: a text whose digest was altered is no other version."""
    names = {pin.name for pin in running}
    return {*running, *(pin for pin in kept if pin.name not in names)}


def _not_in_files(catalogue: Catalogue, pins: Collection[Pin]) -> set[Pin]:
    files = catalogue.definitions
    return {pin for pin in pins if pin.name not in files or files[pin.name].digest != pin.digest}


def with_kept(rulebook: Rulebook, texts: Mapping[Pin, str], running: Collection[Pin]) -> Rulebook:
    """The rulebook with what no file says any more, from the texts that the books keep of it; what cannot be read is left out.

    No case begins on a version whose file says something else, or on one of those that are `running` whose file is gone with no
    newer one in its place. A file that says the same as its text goes by the digest of the books: an earlier program had
    another digest for it.
    """
    catalogue = rulebook.catalogue
    kept = dict(rulebook.kept)
    same: set[tuple[str, int]] = set()
    for pin, text in texts.items():
        with suppress(BadInput):
            definition = read_kept(text, f"{pin.process} v{pin.version}")
            kept[pin.name] = replace(definition, digest=pin.digest)
            if catalogue.definitions.get(pin.name) == definition:
                same.add(pin.name)
    edited = {name: each for name, each in _edited(catalogue, {*texts, *running}) if name not in same}
    missing = dict(_missing(catalogue, kept, running))
    files = readers_of(catalogue.definitions) | readers_of({name: kept[name] for name in same})
    in_files = WhenAsked({name: read for name, read in files.items() if name not in edited})
    return replace(rulebook, catalogue=Catalogue(in_files, {**missing, **edited, **catalogue.out_of_use}), kept=kept)


def altered(catalogue: Catalogue, texts: Mapping[Pin, str], running: Collection[Pin]) -> Iterator[Sentence]:
    """The texts that are kept and are not what their digest says, nor what a file says; and what is `running` without a text."""
    for pin, text in sorted(texts.items(), key=str):
        name = f"{pin.process} v{pin.version}"
        try:
            there = read_kept(text, name)
        except BadInput:
            yield Sentence("the text of {process} was altered: it cannot be read", {"process": name})
            continue
        if there.digest != pin.digest and catalogue.definitions.get(pin.name) != there:
            values = {"process": name, "there": there.digest[:SHORT], "digest": str(pin.digest)[:SHORT]}
            yield Sentence(
                "the text of {process} was altered: its digest is {there}, and that of what was written is {digest}",
                values,
            )
    for pin in sorted({*running} - texts.keys(), key=str):
        values = {"process": f"{pin.process} v{pin.version}", "digest": str(pin.digest)[:SHORT]}
        yield Sentence("the text of {process} with the digest {digest}, which agreements run on, is gone", values)


SHORT = 12
"""So many digits of a digest are shown."""


def _edited(catalogue: Catalogue, pins: Collection[Pin]) -> Iterator[tuple[tuple[str, int], OutOfUse]]:
    for pin in _not_in_files(catalogue, pins):
        definition = catalogue.definitions.get(pin.name)
        if definition is not None:
            yield pin.name, OutOfUse(_was_edited(definition), definition=definition)


def _was_edited(definition: ProcessDefinition) -> Sentence:
    return Sentence(
        "{process} was edited although agreements run on it; put the change into a new version.",
        {"process": definition.name},
    )


def _missing(
    catalogue: Catalogue, kept: Mapping[tuple[str, int], ProcessDefinition], running: Collection[Pin]
) -> Iterator[tuple[tuple[str, int], OutOfUse]]:
    """A newer version takes the place of an older one; nothing takes the place of the newest."""
    files = {*catalogue.definitions, *catalogue.out_of_use}
    for pin in running:
        if all(version < pin.version for process, version in files if process == pin.process):
            gone = Sentence(
                "{process} has no file any more, although agreements run on it.",
                {"process": f"{pin.process} v{pin.version}"},
            )
            yield pin.name, OutOfUse(gone, definition=kept.get(pin.name))
