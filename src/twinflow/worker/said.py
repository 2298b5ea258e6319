"""The log of what runs by itself: each trouble when it begins, when it changes and when it has ended, not with each pass."""

import logging
from collections.abc import Sequence

from twinflow.domain.alerts.incident import Part, Trouble
from twinflow.sentences import Sentence

log = logging.getLogger(__name__)


class Said:
    """What this process has said, by part and key."""

    def __init__(self) -> None:
        self._open: dict[Part, dict[str, Sentence]] = {part: {} for part in Part}

    def keep(self, part: Part, found: Sequence[Trouble]) -> None:
        """All that the part has found."""
        before = self._open[part]
        for each in found:
            self.add(part, each)
        self._open[part] = {each.key: each.sentence for each in found}
        for key in before.keys() - self._open[part].keys():
            log.warning("no longer: %s", before[key])

    def add(self, part: Part, trouble: Trouble, error: Exception | None = None) -> None:
        """One more; `error` is what the program did not foresee."""
        if self._open[part].get(trouble.key) != trouble.sentence:
            log.warning("%s", trouble, exc_info=error)
        self._open[part][trouble.key] = trouble.sentence
