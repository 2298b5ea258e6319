"""Work in bulk beside single steps: a register taken over, a sweep, a new edition of a calendar, and 100,000 rows at once."""

import csv
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from resource import getpagesize
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import late_holiday, sweeps
from bench.books import start
from bench.driver import timed
from bench.rows import Bar, Row, in_turns, per_second
from bench.steps import NOW, STEPS, by_service, fill, names
from twinflow.bootstrap import Runtime
from twinflow.files import shipped
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.importing import import_register


def write_register(file: Path, rows: int) -> None:
    """The register of Cuenca again and again, each time under other names."""
    with (shipped("examples") / "cuenca" / "agreements.csv").open(encoding="utf-8", newline="") as known:
        read = list(csv.DictReader(known))
    with file.open("w", encoding="utf-8", newline="") as wanted:
        written = csv.DictWriter(wanted, read[0])
        written.writeheader()
        for number in range(rows):
            again, row = divmod(number, len(read))
            names = {key: f"{read[row][key]}-{again}" for key in ("id", "agreement_group")}
            written.writerow({**read[row], **names})


def take_over(runtime: Runtime, file: Path, memory: list[int]) -> None:
    """As the command does it. What memory is in use, in bytes, is added after a tenth and at the end."""

    def told(done: int, total: int) -> None:
        if done in {total // 10, total}:
            memory.append(in_use())

    mapping = shipped("examples") / "cuenca" / "agreements.map.toml"
    dossiers = read_register(file, mapping, runtime.rulebook, runtime.people, NOW)
    why = "a bench: the same partners again and again"
    import_register(runtime.engine, runtime.rulebook, runtime.people, dossiers, now=NOW, despite=why, progress=told)


def in_use() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()


def take_over_many(folder: Path, rows: int) -> tuple[float, int, int]:
    """Seconds, and the memory after a tenth and at the end."""
    write_register(folder / "many.csv", rows)
    runtime, memory = start(folder / "many.db"), list[int]()
    begin = perf_counter()
    take_over(runtime, folder / "many.csv", memory)
    return perf_counter() - begin, memory[0], memory[-1]


def in_own_process(rows: int) -> tuple[float, int, int]:
    with TemporaryDirectory() as name, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(take_over_many, Path(name), rows).result()


def many(rows: int) -> list[Row]:
    _, _, end_of_few = in_own_process(rows // 10)
    seconds, tenth, end = in_own_process(rows)
    return [
        Row(
            what=f"a register taken over, of {rows:,} rows, for 100,000",
            unit="s",
            ours=[seconds / rows * 100_000],
            bar=Bar(120, of_ratio=False),
        ),
        Row(
            what="memory at its end",
            unit="MB",
            ours=[end / 1e6],
            peer=[tenth / 1e6],
            against="after a tenth",
            bar=Bar(1.2),
        ),
        Row(
            what="memory at its end",
            unit="MB",
            ours=[end / 1e6],
            peer=[end_of_few / 1e6],
            against="at the end of a tenth as many rows",
        ),
    ]


def rows(
    number: int = 100_000, rounds: int = 5, steps: int = 50, at_once: int = 1_000, deadlines: int = 20_000
) -> list[Row]:
    """`number` rows of the long register, `at_once` in each round; `deadlines` in the books that are swept or counted anew."""
    references = names(steps)
    with TemporaryDirectory() as name:
        folder = Path(name)
        fill(start(folder / "steps.db"), references)
        start(folder / "register.db").engine.dispose()
        write_register(folder / "register.csv", at_once)
        sweeps.write_asleep(folder / "sweep.db", deadlines)
        late_holiday.write_waiting(folder / "edition.db", deadlines)

        def copy(label: str, number: int) -> Path:
            return Path(shutil.copy(folder / f"{label}.db", folder / f"{label}{number}.db"))

        def register(number: int) -> float:
            runtime = start(copy("register", number))
            seconds = timed(lambda: take_over(runtime, folder / "register.csv", []))
            runtime.engine.dispose()
            return seconds

        def sweep(number: int) -> float:
            file = copy("sweep", number)
            sweeps.fall_due(file, deadlines, at_once, 0, 1)
            runtime = start(file)
            seconds = sweeps.swept(runtime, at_once)
            runtime.engine.dispose()
            return seconds

        single, *in_bulk = in_turns(
            rounds,
            lambda number: by_service(copy("steps", number), references),
            register,
            sweep,
            lambda number: late_holiday.by_service(copy("edition", number))[0],
        )
    kinds = (
        ("rows of a register taken over", at_once),
        ("cases swept", at_once),
        ("deadlines counted anew", deadlines),
    )
    return [
        *(
            Row(
                what=f"{what}, in bulk",
                unit="a second",
                ours=per_second(count, seconds),
                peer=per_second(steps * len(STEPS), single),
                against="single steps",
                bar=Bar(5, at_most=False),
            )
            for (what, count), seconds in zip(kinds, in_bulk, strict=True)
        ),
        *many(number),
    ]
