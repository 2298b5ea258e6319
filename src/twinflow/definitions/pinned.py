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


def not_in_files(catalogue: Catalogue, pins: Collection[Pin]) -> set[Pin]:
    """Those of which no file says the same any more."""
    files = catalogue.definitions
    return {pin for pin in pins if pin.name not in files or files[pin.name].digest != pin.digest}


def with_kept(rulebook: Rulebook, texts: Mapping[Pin, str], running: Collection[Pin]) -> Rulebook:
    """The rulebook with what no file says any more, from the texts that the books keep of it; what cannot be read is left out.

    No case begins on a version whose file says something else, or on one of those that are `running` whose file is gone with no
    newer one in its place.
    """
    kept: dict[tuple[str, int], ProcessDefinition] = {}
    for pin, text in texts.items():
        with suppress(BadInput):
            kept[pin.name] = read_kept(text, pin.digest, f"{pin.process} v{pin.version}")
    catalogue = rulebook.catalogue
    edited = dict(_edited(catalogue, {*texts, *running}))
    missing = dict(_missing(catalogue, kept, running))
    files = {name: read for name, read in readers_of(catalogue.definitions).items() if name not in edited}
    in_files = Catalogue(WhenAsked(files), {**missing, **edited, **catalogue.out_of_use})
    return replace(rulebook, catalogue=in_files, kept=kept)


def _edited(catalogue: Catalogue, pins: Collection[Pin]) -> Iterator[tuple[tuple[str, int], OutOfUse]]:
    for pin in not_in_files(catalogue, pins):
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
