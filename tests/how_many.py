"""How much is tried: a little, always the same, by `make test`; by `make test-deep` all of it, or the share that DEEP names."""

import os

DEEP = int(os.environ.get("DEEP", "0"))
"""Per cent of the long run; 0 in `make test`."""
SEED = os.environ.get("DEEP_SEED", "1992") if DEEP else "1992"


def many(short: int, deep: int) -> int:
    """How many cases: `short` in `make test`, and never less."""
    return max(short, deep * DEEP // 100)
