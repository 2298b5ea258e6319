"""What a deadline was counted from, as the text that is kept with it."""

import json
from datetime import date
from functools import lru_cache
from typing import Any

from twinflow.domain.agreement.agreement import Basis
from twinflow.domain.calendar.business_days import Pause
from twinflow.domain.calendar.dates import Length


def basis_text(basis: Basis | None) -> str:
    """The basis as JSON, what is usual left out; empty for None."""
    if basis is None:
        return ""
    content = {
        "lengths": [str(length) for length in basis.lengths],
        "times": basis.times if basis.times != 1 else None,
        "pauses": [_pause_content(pause) for pause in basis.pauses],
        "extensions": [str(length) for length in basis.extensions],
        "agreed_on": _day_text(basis.agreed_on),
        "early_from": _day_text(basis.early_from),
        "carried": basis.carried,
        "after_months": basis.after_months,
        "assumed": list(basis.assumed),
    }
    return json.dumps({key: value for key, value in content.items() if value}, ensure_ascii=False)


@lru_cache(maxsize=10_000)
def basis_of(text: str) -> Basis | None:
    """The basis that `basis_text` wrote, without the pauses of books of before that hold no day. Many share the same text."""
    if not text:
        return None
    content = json.loads(text)
    pauses = (_pause(pause) for pause in content.get("pauses", ()))
    return Basis(
        lengths=tuple(Length.parse(length) for length in content.get("lengths", ())),
        times=content.get("times", 1),
        pauses=tuple(pause for pause in pauses if not pause.is_empty),
        extensions=tuple(Length.parse(length) for length in content.get("extensions", ())),
        agreed_on=_day(content.get("agreed_on")),
        early_from=_day(content.get("early_from")),
        carried=content.get("carried", ""),
        after_months=content.get("after_months", 0),
        assumed=tuple(content.get("assumed", ())),
    )


def _pause_content(pause: Pause) -> dict[str, Any]:
    return {
        "start": pause.start.isoformat(),
        "end": _day_text(pause.end),
        "reason": pause.reason if isinstance(pause.reason, str) else dict(pause.reason),
        "paper": pause.paper,
    }


def _pause(content: dict[str, Any]) -> Pause:
    return Pause(date.fromisoformat(content["start"]), _day(content["end"]), content["reason"], content["paper"])


def _day_text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
