"""What the TOML parser and pydantic find wrong, as problems that a person can act on: where, and what would be right."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from ipaddress import ip_address
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from twinflow.errors import BadInput, Unreadable
from twinflow.sentences import Problem, Sentence, unknown_name

SECRETS = {"password", "url"}
"""Settings whose value is not repeated in a message, or only what can hold no password."""

OPEN = re.compile(r"((?:[\w+]+://)?)(?:([^?]*@)([^@?=]*)|([^@?=:]*))")
"""An address without options; of who logs in there, only the host is shown."""

AT_MOST = 200
"""Mistakes told at once."""

FORMS = {"str", "constrained-str", "Length", "TermLength", "LabelText", "ChildStateModel"}
"""What pydantic calls the forms that a value of a process file may have; those with brackets are known by them."""

OTHER_KIND = {"string_type", "model_type", "tuple_type", "dataclass_type"}
"""Mistakes that say: this is not of that form at all."""

MAX_DOTS = 40
"""In one line, outside of texts and comments. A key of thousands of parts takes the TOML parser hours."""

CURLY_QUOTES = ("“", "”", "‘", "’")
TEXTS_AND_COMMENTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#.*')
TOO_DEEP = Sentence("it is nested too deeply.")

WRITTEN = {
    "Length": Sentence("a length is written like 60 days, 15 business days, 6 weeks, 3 months or 5 years"),
    "Distance": Sentence("how far apart is written like 3 clear days, 5 business days, 6 weeks, 3 months or 5 years"),
    "Level": Sentence(
        "a level is written like “5 business days before”, “80 % of the time”, “on the day”, “1 day after” or "
        "“then every 30 days”"
    ),
}
"""How the values are written that are more than a text or a number, by their type."""
PATTERNS = {
    r"^[a-z][a-z0-9_]*$": Sentence("write small letters, digits and _, beginning with a letter"),
    r"^[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?$": Sentence(
        "write small letters, digits and hyphens, beginning with a letter, and one slash at most"
    ),
    r"^[A-Z]{2}$": Sentence("a country is written with two capital letters, like MX"),
    r"^\w+(?:[./-]\w+)*$": Sentence("a reference is letters and digits, with one . / - or _ between them"),
    r"^https?://\S+$": Sentence("an address begins with http:// or https://, and has no space in it"),
}
"""What the patterns of keys ask for, in words."""

BOUNDS = {
    "greater_than_equal": ("ge", Sentence("at least {bound}")),
    "greater_than": ("gt", Sentence("more than {bound}")),
    "less_than_equal": ("le", Sentence("at most {bound}")),
    "less_than": ("lt", Sentence("less than {bound}")),
}
"""By the kind of mistake: the name of the bound, and how it is said."""

MOST_SHOWN = 80
"""Characters of a value that are repeated in a message."""

KnownKeys = Callable[[tuple[int | str, ...]], Iterable[str]]


def mail_address(text: str) -> str:
    """A mail address as mail programs understand it. Raises Unreadable."""
    try:
        text.encode("ascii")  # few servers take others (RFC 6531); a domain has its form in ASCII (RFC 5890)
        return Address(addr_spec=text).addr_spec
    except (ValueError, IndexError, MessageError):  # IndexError: an empty text
        raise Unreadable("a mail address is written name@example.org") from None


LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
"""Part of a host's name between its dots (RFC 1123, section 2.1); names inside a house may have `_`."""
LONGEST_NAME = 253

LAST_PORT = 65535
WEB_ADDRESS = re.compile(
    r"https?://(?:(?P<host>[^][/?#@:\s]+)|\[(?P<in_brackets>[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:/(?:(?![?#])[!-~])*)?"
)


def host_name(text: str) -> str:
    """A host that can be looked up, by name or by address; a name in other letters has its form in ASCII (RFC 3490).

    Raises Unreadable.
    """
    if _is_address(text) or _is_name(text):
        return text
    raise Unreadable("a host is written mail.city.example, or as an address like 192.0.2.1")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_name(text: str) -> bool:
    try:
        name = text.encode("idna").decode("ascii").removesuffix(".")
    except UnicodeError:
        return False
    labels = name.split(".")
    return len(name) <= LONGEST_NAME and not labels[-1].isdigit() and all(map(LABEL.fullmatch, labels))


def web_address(text: str) -> str:
    """Where pages are: the host, and perhaps a port and a path. Raises Unreadable."""
    found = WEB_ADDRESS.fullmatch(text)
    if found and 0 < int(found["port"] or 1) <= LAST_PORT:
        with suppress(Unreadable):
            host_name(found["in_brackets"] or found["host"])
            return text
    raise Unreadable("an address is written https://twinflow.city.example, perhaps with a port and a path")


def decoded(raw: bytes, place: str) -> str:
    """The text of a file; a byte-order mark is no part of it. Raises BadInput naming `place`."""
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        problem = Problem(
            place, Sentence("byte {byte} is not UTF-8; save the file as UTF-8.", {"byte": error.start + 1})
        )
    raise BadInput("{place} has mistakes.", (problem,), place=place)


def toml_values(text: str, place: str) -> dict[str, Any]:
    """TOML text as plain values. Raises BadInput with what is wrong, at `place` and its line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > MAX_DOTS and TEXTS_AND_COMMENTS.sub("", line).count(".") > MAX_DOTS:
            problem = Problem(place, Sentence("line {number}: the key has too many parts.", {"number": number}))
            raise BadInput("{place} has mistakes.", (problem,), place=place)
    try:
        return tomllib.loads(text)
    except RecursionError:
        problem = Problem(place, TOO_DEEP)
    except tomllib.TOMLDecodeError as error:
        problem = Problem(place, _not_toml(str(error), text))
    except ValueError:  # no mistake of TOML: Python reads no whole number of thousands of digits
        problem = Problem(place, Sentence("a number in it has too many digits."))
    raise BadInput("{place} has mistakes.", (problem,), place=place)


def _not_toml(detail: str, text: str) -> Sentence:
    """What the TOML parser finds wrong, for somebody who does not know TOML."""
    found = re.search(r"\(at line (\d+), column (\d+)\)$", detail)
    if found is None:
        if detail.startswith(("Unterminated string", "Expected \"'")):
            return Sentence("the closing quote of a text is missing: the file ends before it.")
        if detail.startswith("Cannot overwrite"):
            return Sentence("what stands in the last line is already said above it.")
        return Sentence("not valid TOML: the file ends in the middle of something.")
    line = text.split("\n")[int(found[1]) - 1].strip()
    outside = TEXTS_AND_COMMENTS.sub("", line)
    at = {"line": int(found[1]), "column": int(found[2])}
    unclosed = detail.startswith("Illegal character '\\n'")
    if outside.endswith(CURLY_QUOTES) if unclosed else any(quote in outside for quote in CURLY_QUOTES):
        return Sentence('line {line}, column {column}: texts stand between straight quotes ("), not curly ones.', at)
    if unclosed:
        return Sentence("line {line}, column {column}: the closing quote of a text is missing.", at)
    if detail.startswith("Cannot declare") and (table := re.match(r"\[+([^\]]+)\]", line)):
        return Sentence("line {line}, column {column}: the table {table} stands twice.", {**at, "table": table[1]})
    if detail.startswith(("Cannot declare", "Cannot overwrite", "Duplicate inline table key")):
        return Sentence("line {line}, column {column}: what stands here is already said above it.", at)
    return Sentence(
        "not valid TOML: line {line}, column {column} is not as it should be; texts stand in quotes, days as 2024-01-31, "
        "and each line says one thing, as key = value.",
        at,
    )


def problems_of(error: ValidationError, place: str, known_keys: KnownKeys | None = None) -> tuple[Problem, ...]:
    """One problem for each mistake, at `place` and the path inside it. `known_keys` tells which keys a table may have.

    Of thousands only the first are told.
    """
    details = list(_as_meant(error.errors()))
    found = [
        Problem(f"{place}: {path_text(detail['loc'])}".rstrip(": "), _message(detail, known_keys))
        for detail in details[:AT_MOST]
    ]
    if len(details) > AT_MOST:
        found.append(Problem(place, Sentence("and {more} mistakes more.", {"more": len(details) - AT_MOST})))
    return tuple(found)


def path_text(path: tuple[int | str, ...]) -> str:
    """`steps.sign.requires[1].name`, without the tags that pydantic puts in for unions."""
    text = ""
    for position, part in enumerate(path):
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif not _is_tag(path, position):
            text += f".{part}" if text else part
    return text


def _is_tag(path: tuple[int | str, ...], position: int) -> bool:
    """Whether a part of a path is pydantic's name for one form of several, and not a key of the file."""
    before = path[max(position - 2, 0) : position]
    names_a_requirement = len(before) > 1 and before[0] == "requires" and isinstance(before[1], int)
    return names_a_requirement or _is_form(path[position])


def _is_form(part: int | str) -> bool:
    return isinstance(part, str) and ("[" in part or "(" in part or part in FORMS)


def _as_meant(details: Iterable[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Each mistake once: where a value may have several forms, only what is wrong with the form that was meant."""
    places: dict[tuple[int | str, ...], dict[str, list[ErrorDetails]]] = {}
    for detail in details:
        path = detail["loc"]
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic takes out the items with a mistake, and then finds too few
        tag = next((number for number, part in enumerate(path) if _is_form(part)), len(path))
        forms = places.setdefault(path[:tag], {})
        forms.setdefault(str(path[tag]) if tag < len(path) else "", []).append(detail)
    for forms in places.values():
        yield from _form_meant(list(forms.values()))


def _form_meant(forms: Sequence[list[ErrorDetails]]) -> list[ErrorDetails]:
    """Of the forms that a value may have, the one with the fewest mistakes inside it; else the one that looks like it."""
    inside = [form for form in forms if form[0]["type"] not in OTHER_KIND]
    if inside:
        return min(inside, key=len)
    of_a_length = [form for form in forms if form[0]["type"] == "dataclass_type"]
    in_brackets = isinstance(forms[0][0]["input"], list | dict)
    return of_a_length[0] if of_a_length else forms[-1 if in_brackets else 0]


def _message(detail: ErrorDetails, known_keys: KnownKeys | None) -> Sentence:
    value, context, kind = detail.get("input"), detail.get("ctx", {}), detail["type"]
    if SECRETS & set(detail["loc"]):
        value = without_secret(value) if detail["loc"][-1] == "url" else "…"
    match kind:
        case "extra_forbidden" | "unexpected_keyword_argument":
            key, known = str(detail["loc"][-1]), list(known_keys(detail["loc"][:-1])) if known_keys else []
            if not known:
                return Sentence("the key “{key}” does not exist here.", {"key": key})
            return unknown_name(Sentence("the key"), key, known)
        case "missing":
            return Sentence("this key is missing.")
        case "union_tag_not_found":
            return Sentence("the key “{key}” is missing.", {"key": context["discriminator"].strip("'")})
        case "literal_error" | "enum":
            return _none_of(value if isinstance(value, str) else as_written(value), context["expected"])
        case "union_tag_invalid":
            return _none_of(context["tag"], context["expected_tags"])
        case "value_error" if hasattr(context.get("error"), "message"):
            return _mistaken(value, context["error"].message)
        case "dataclass_type" if context["class_name"] in WRITTEN:
            return _mistaken(value, WRITTEN[context["class_name"]])
        case "string_pattern_mismatch" if context["pattern"] in PATTERNS:
            return _mistaken(value, PATTERNS[context["pattern"]])
        case "too_short":
            return Sentence("nothing is in it; at least one thing belongs here.")
        case "string_too_short":
            return Sentence("the text is empty; write one.")
        case "string_too_long":
            longest = {"most": context["max_length"], "found": as_written(value)}
            return Sentence("the text is too long; it has at most {most} characters (found: {found}).", longest)
        case "tuple_type":
            shown = f"[{as_written(value)}]"
            return Sentence("several may stand here: write a list in square brackets, like {list}.", {"list": shown})
        case "model_type" | "model_attributes_type" | "dict_type":
            return _table_expected(detail, known_keys)
        case _ if kind in BOUNDS:
            name, said = BOUNDS[kind]
            bound = Sentence(said.template, {"bound": f"{context[name]}".removesuffix(".0")})
            return Sentence("it is {bound} (found: {found}).", {"bound": bound, "found": as_written(value)})
        case _:
            return _other_kind(kind, as_written(value))


def _none_of(value: str, expected: str) -> Sentence:
    """`expected`: as pydantic writes it, `'a', 'b' or 'c'`."""
    known = re.findall(r"'[^']*'", expected) or [expected.lower()]
    return Sentence("“{value}” is not one of {expected}.", {"value": value, "expected": known})


def without_secret(address: object) -> str:
    """The address of a database with `…` for whatever may be a password."""
    found = OPEN.fullmatch(str(address))
    if found is None:
        return "…"
    return f"{found[1]}…@{found[3]}" if found[2] else f"{found[1]}{found[4]}"


def _mistaken(value: object, mistake: Sentence) -> Sentence:
    if isinstance(value, bool):
        value = as_written(value)
    if isinstance(value, str | int | float):
        return Sentence("“{value}”: {mistake}.", {"value": f"{value!s:.80}", "mistake": mistake})
    return Sentence("{mistake}.", {"mistake": mistake})


def _table_expected(detail: ErrorDetails, known_keys: KnownKeys | None) -> Sentence:
    found = {"found": as_written(detail["input"])}
    if detail.get("ctx", {}).get("class_name") == "LabelText":
        text = as_written(detail["input"]) if isinstance(detail["input"], str) else '"…"'
        form = f'{{ en = {text}, es = "…" }}'
        return Sentence("this is said in both languages: write {form} (found: {found}).", {"form": form, **found})
    keys = list(known_keys(detail["loc"])) if known_keys else []
    if not keys:
        form = "{ … = … }"
        return Sentence("several things are said here: write {form} (found: {found}).", {"form": form, **found})
    return Sentence(
        "several things are said here, each by its key in braces: {keys} (found: {found}).", {"keys": keys, **found}
    )


def _other_kind(kind: str, found: str) -> Sentence:
    """A value of another kind than is expected."""
    match kind:
        case "string_type":
            return Sentence("a text in quotes is expected (found: {found}).", {"found": found})
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return Sentence("a whole number is expected (found: {found}).", {"found": found})
        case "float_type" | "float_parsing" | "finite_number":
            return Sentence("a number is expected (found: {found}).", {"found": found})
        case "bool_type" | "bool_parsing":
            return Sentence("true or false is expected, without quotes (found: {found}).", {"found": found})
        case "path_type":
            return Sentence("the name of a file or folder is expected, in quotes (found: {found}).", {"found": found})
        case "none_required":
            return Sentence("this key has no place here; leave it out (found: {found}).", {"found": found})
        case _ if kind.startswith("date_"):
            return Sentence("a day is written 2024-01-31, without quotes (found: {found}).", {"found": found})
        case _ if kind.startswith("time_"):
            return Sentence("an hour is written 14:30:00, without quotes (found: {found}).", {"found": found})
        case _:
            return Sentence("something else is expected here (found: {found}).", {"found": found})


def as_written(value: object, depth: int = 2) -> str:
    """A value as it stands in a TOML file, shortened: lists and tables in it are told to `depth`."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = f'"{value:.70}"'
        case list() | dict() if value and depth == 0:
            text = "…"
        case list():
            text = "[" + ", ".join(as_written(item, depth - 1) for item in value[:10]) + "]"
        case dict():
            pairs = (f"{key} = {as_written(item, depth - 1)}" for key, item in islice(value.items(), 10))
            text = f"{{ {', '.join(pairs)} }}"
        case _:
            text = str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
