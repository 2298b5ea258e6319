"""`make soak`: a simulated year of cases of all shipped processes with everything going wrong; exit code 1 where anything did."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from postgres import connected, named, postgres_server
from soak.verdict import soaked


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", default="1992")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="twinflow-soak-")))
        urls = [f"sqlite:///{folder / name / 'books.db'}" for name in ("disturbed", "quiet")]
        if chosen.database == "postgresql":
            server = stack.enter_context(postgres_server())
            urls = [named(server, name) for name in ("disturbed", "quiet")]
            with connected(server) as connection:
                connection.autocommit = True
                for name in ("disturbed", "quiet"):
                    connection.execute(f"CREATE DATABASE {name}")
        begun = perf_counter()
        found = soaked(folder, urls, chosen.cases, chosen.days, chosen.seed)
        print(
            f"{chosen.cases} cases, {chosen.days} days, seed {chosen.seed}, {chosen.database}, {perf_counter() - begun:.0f} s"
        )
    for name, number in sorted(found.figures.items()):
        print(f"{number:>8,}  {name}")
    for problem in found.wrong:
        print(f"! {problem}")
    print("nothing is wrong" if not found.wrong else f"{len(found.wrong)} things are wrong")
    return int(bool(found.wrong))


if __name__ == "__main__":
    sys.exit(main())
