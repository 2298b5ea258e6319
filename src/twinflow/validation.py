"""What pydantic finds wrong, as problems that a person can act on: where, and what would be right."""

import difflib
from collections.abc import Callable, Iterable
from email.errors import MessageError
from email.headerregistry import Address

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from twinflow.errors import Message, Problem, Unreadable

SECRETS = {"password", "url"}
"""Settings whose value is never repeated in a message."""

KnownKeys = Callable[[tuple[int | str, ...]], Iterable[str]]


def mail_address(text: str) -> str:
    """A mail address as mail programs understand it. Raises Unreadable."""
    try:
        return Address(addr_spec=text).addr_spec
    except (ValueError, MessageError):
        raise Unreadable("a mail address is written name@example.org") from None


def problems_of(error: ValidationError, place: str, known_keys: KnownKeys | None = None) -> tuple[Problem, ...]:
    """One problem for each error, at `place` and the path inside it. `known_keys` tells which keys a table may have."""
    return tuple(
        Problem(f"{place}: {path_text(detail['loc'])}".rstrip(": "), _message(detail, known_keys))
        for detail in error.errors()
    )


def path_text(path: tuple[int | str, ...]) -> str:
    """`steps.sign.requires[0].name`, without the tags that pydantic puts in for unions."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif "[" not in part and "(" not in part:
            text += f".{part}" if text else part
    return text


def unknown_name(kind: Message, name: str, known: Iterable[str]) -> Message:
    """`name` is not one of `known`: says so, with the nearest ones first."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return Message(
            "{kind} “{name}” does not exist; did you mean “{near}”?", {"kind": kind, "name": name, "near": near[0]}
        )
    return Message(
        "{kind} “{name}” does not exist; there are: {known}.", {"kind": kind, "name": name, "known": names or "–"}
    )


def _message(detail: ErrorDetails, known_keys: KnownKeys | None) -> Message:
    value, context = detail.get("input"), detail.get("ctx", {})
    if SECRETS & set(detail["loc"]):
        value = "…"
    match detail["type"]:
        case "extra_forbidden":
            known = known_keys(detail["loc"][:-1]) if known_keys else ()
            return unknown_name(Message("the key"), str(detail["loc"][-1]), known)
        case "missing":
            return Message("this key is missing.")
        case "literal_error" | "enum":
            return Message("“{value}” is not one of {expected}.", {"value": value, "expected": context["expected"]})
        case "union_tag_invalid":
            return Message(
                "“{value}” is not one of {expected}.", {"value": context["tag"], "expected": context["expected_tags"]}
            )
        case "value_error" if hasattr(context.get("error"), "message"):
            mistake = {"mistake": context["error"].message}
            if isinstance(value, str | int):
                return Message("“{value}”: {mistake}.", {"value": value, **mistake})
            return Message("{mistake}.", mistake)
        case _:
            return Message("{detail} (found: {value}).", {"detail": detail["msg"], "value": f"{value!r:.80}"})
