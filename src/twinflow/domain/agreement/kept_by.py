"""Which office keeps a case by its history, and the move to another office that waits there."""

from collections.abc import Sequence

from twinflow.domain.agreement.entries import Began, Corrected, MoveAct, OfficeMove
from twinflow.domain.agreement.history import HistoryEntry


def waiting_move(history: Sequence[HistoryEntry], office: str) -> tuple[HistoryEntry, OfficeMove] | None:
    """The move from `office`, which keeps the case, that was asked for and that nobody has answered yet.

    What an office asked for that does not keep it any more waits no longer.
    """
    said = [(entry, move) for entry in history if (move := OfficeMove.read(entry)) is not None]
    if not said or said[-1][1].act is not MoveAct.ASKED or said[-1][1].before != office:
        return None
    return said[-1]


def began_in(history: Sequence[HistoryEntry], office: str) -> str:
    """The office that kept it at first, of a case that `office` keeps now."""
    moves = (OfficeMove.accepted(entry) for entry in history)
    return next((move.before for move in moves if move is not None), office)


def ever_kept_by(written: Sequence[HistoryEntry]) -> frozenset[str]:
    """The offices that have ever kept it, by the history as it was written, with the corrections of its opening."""
    corrections = (said for entry in written if (said := Corrected.read(entry)) is not None)
    openings = [Began.read(written[0]), *(said.opening(written[0]) for said in corrections)]
    began = {opening.office for opening in openings if opening is not None}
    moves = [move for entry in written if (move := OfficeMove.accepted(entry)) is not None]
    return frozenset(began | {office for move in moves for office in (move.before, move.to)})


def kept_by(history: Sequence[HistoryEntry]) -> str | None:
    """The office that keeps it by the history as it counts; None where books of before do not say where it began."""
    moves = [move for entry in history if (move := OfficeMove.accepted(entry)) is not None]
    began = Began.read(history[0])
    if moves:
        return moves[-1].to
    return began.office if began is not None else None
