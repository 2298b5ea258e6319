"""Lists are read page by page: each agreement has its next date and the words it is found by, a history its order in time.

A step finds what it needs of the past by kind, and what a child has reached with the child.
"""

import re
import unicodedata
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 5_000
NEVER = "9999-12-31"
BARRED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})

agreement = sa.table("agreement", sa.column("id"), sa.column("reference"), sa.column("title"))
party = sa.table("party", sa.column("agreement_id"), sa.column("name"))


def upgrade() -> None:
    op.add_column("agreement", sa.Column("next_on", sa.Date(), nullable=False, server_default=NEVER))
    op.execute(
        "UPDATE agreement SET next_on = coalesce("
        "(SELECT min(due_on) FROM deadline WHERE agreement_id = agreement.id AND status = 'open'), next_on)"
    )
    op.add_column("agreement", sa.Column("reached", sa.String(), nullable=True))
    op.create_index(
        "ix_agreement_listed", "agreement", ["next_on", "reference", "process", "state", "office", "parent_id"]
    )
    op.create_index(
        "ix_party_country",
        "party",
        ["country", "agreement_id"],
        sqlite_where=sa.text("home = 0"),
        postgresql_where=sa.text("NOT home"),
    )
    op.create_index("ix_history_agreement_id_kind", "history", ["agreement_id", "kind"])
    op.create_index("ix_history_timeline", "history", ["agreement_id", "effective_on", "recorded_at", "id"])
    op.drop_index("ix_history_agreement_id", table_name="history")
    word = op.create_table(
        "word",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_word_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("agreement_id", "word", name=op.f("pk_word")),
    )
    for first in range(1, (op.get_bind().scalar(sa.select(sa.func.max(agreement.c.id))) or 0) + 1, AT_ONCE):
        op.bulk_insert(word, list(_words(first, first + AT_ONCE - 1)))
    op.create_index("ix_word_word_agreement_id", "word", ["word", "agreement_id"])


def _words(first: int, last: int) -> Iterable[dict[str, object]]:
    """The words of the agreements of these rows."""
    texts: dict[int, str] = {}
    named = sa.select(agreement.c.id, agreement.c.reference + " " + agreement.c.title)
    parties = sa.select(party.c.agreement_id, party.c.name)
    for query, column in ((named, agreement.c.id), (parties, party.c.agreement_id)):
        for row, text in op.get_bind().execute(query.where(column.between(first, last))):
            texts[row] = f"{texts.get(row, '')} {text}"
    return ({"agreement_id": row, "word": word} for row, text in texts.items() for word in sorted(_words_in(text)))


def _words_in(text: str) -> set[str]:
    """As `words_in` was when this was written."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    words = (re.sub(r"^[\W_]+|[\W_]+$", "", word) for word in re.split(r"[\s\x00-\x1f]", plain.translate(BARRED)))
    return {word[part.start() :][:64] for word in words for part in re.finditer(r"[^\W_]+", word)}


def downgrade() -> None:
    op.drop_table("word")
    op.create_index(op.f("ix_history_agreement_id"), "history", ["agreement_id"])
    op.drop_index("ix_history_timeline", table_name="history")
    op.drop_index("ix_history_agreement_id_kind", table_name="history")
    op.drop_index("ix_party_country", table_name="party")
    op.drop_index("ix_agreement_listed", table_name="agreement")
    op.drop_column("agreement", "reached")
    op.drop_column("agreement", "next_on")
