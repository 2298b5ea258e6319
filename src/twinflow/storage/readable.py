"""What only a damaged book holds in a column: SQLite keeps any bytes anywhere, PostgreSQL days that no calendar of ours has."""

import codecs
from operator import methodcaller
from typing import Any

from sqlalchemy import Boolean, Date
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from twinflow.sentences import Sentence

NO_TEXT = "\ufdd0"
"""What stands for bytes that are no text. No door lets it into the books, and it is shown as what cannot be shown."""

DAMAGED = Sentence("what stands there is neither text nor number")


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return NO_TEXT, error.end


codecs.register_error("no_text", _stand_in)


text_of = methodcaller("decode", "utf-8", "no_text")
"""Any bytes as text, so that no row makes a whole statement fail."""


def is_damaged(value: object) -> bool:
    """Whether a value of a column for texts, numbers or JSON cannot have been written by twinflow."""
    return NO_TEXT in value if isinstance(value, str) else isinstance(value, bytes)


def text_in(value: object) -> str:
    """Whatever stands in the place of a text, as one that can be shown."""
    return str(text_of(value) if isinstance(value, bytes) else value).replace(NO_TEXT, "\ufffd")


class IsTime(FunctionElement[bool]):
    """Whether a column for days or instants holds one that can be read."""

    type = Boolean()
    inherit_cache = True


@compiles(IsTime, "sqlite")
def _in_sqlite(element: IsTime, compiler: SQLCompiler, **_: Any) -> str:
    (column,) = element.clauses
    name = compiler.process(column)
    if isinstance(column.type, Date):
        return f"(date({name}) = {name})"
    return f"(datetime({name}) = substr({name}, 1, 19))"


@compiles(IsTime, "postgresql")
def _in_postgresql(element: IsTime, compiler: SQLCompiler, **_: Any) -> str:
    return f"({compiler.process(element.clauses)} BETWEEN '0001-01-01' AND '9999-12-31')"
