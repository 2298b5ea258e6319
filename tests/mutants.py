"""Changes the code that decides, bit by bit, and says what the tests notice: killed of all, and what may live and why.

`mutants.toml` has the parts of the code, how many of a hundred mutants of each are killed at least, and the survivors with
the reason for which they may live. Ends with 1 if a mutant survived without a reason, if fewer were killed, or, where all
were tried, if a reason is left without its mutant.
"""

import argparse
import hashlib
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

ROOT = Path(__file__).parents[1]
WRITTEN = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
DEAD = {"killed", "timeout", "caught by type check"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`name` is that of mutmut, `function` the name of what was changed as mutmut writes it, without its module."""

    part: str
    name: str

    @property
    def function(self) -> str:
        return self.name.rpartition(".")[2].partition("__mutmut_")[0]


def mutmut(*arguments: str, quiet: bool = True) -> str:
    kept = subprocess.PIPE if quiet else None
    done = subprocess.run([MUTMUT, *arguments], cwd=ROOT, stdout=kept, text=True, check=False)
    if done.returncode:
        sys.exit(f"mutmut ended with {done.returncode}\n{(done.stdout or '')[-3000:]}")
    return done.stdout or ""


def mutants() -> list[Mutant]:
    """Every mutant that there is of the parts."""
    found = []
    for file in CONFIGURATION["only_mutate"]:
        made = mutate_file_contents(file, (ROOT / file).read_text("utf-8"), None, None)
        names = [get_mutant_name(Path(file), name) for name in made.mutant_names]
        found += [Mutant(part, name) for name in names for part in WRITTEN["parts"] if is_of(part, name)]
    return found


def is_of(part: str, name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in WRITTEN["parts"][part]["mutants"])


def drawn(found: list[Mutant], each: int, seed: str) -> list[Mutant]:
    """So many of each part, the same ones for a seed: another mutant more or less changes nothing about the rest."""

    def lot(mutant: Mutant) -> str:
        return hashlib.sha256(f"{seed} {mutant.part} {mutant.name.rpartition('.')[2]}".encode()).hexdigest()

    of_part = {part: sorted((m for m in found if m.part == part), key=lot) for part in WRITTEN["parts"]}
    return [mutant for chosen in of_part.values() for mutant in chosen[:each]]


def changed_line(name: str) -> str:
    """What the mutant put in the place of the code."""
    added = [line[1:].strip() for line in mutmut("show", name).splitlines() if line.startswith("+")]
    return " ".join(line for line in added if not line.startswith("++"))


def reasons_for(mutant: Mutant, change: str) -> list[dict[str, Any]]:
    looked_for = (mutant.part, mutant.function, change)
    return [each for each in WRITTEN["accepted"] if (each["part"], each["function"], each["change"]) == looked_for]


def report(tried: list[Mutant], status: dict[str, str], *, all_tried: bool) -> int:
    used, wrong = [], []
    dead, accepted = Counter[str](), Counter[str]()
    for mutant in tried:
        if status[mutant.name] in DEAD:
            dead[mutant.part] += 1
            continue
        change = changed_line(mutant.name)
        reasons = reasons_for(mutant, change) if status[mutant.name] == "survived" else []
        used += reasons
        accepted[mutant.part] += bool(reasons)
        if not reasons:
            wrong.append(f"{status[mutant.name]} without a reason: {mutant.name}\n    {change}")
    if all_tried:
        wrong += [f"a reason without its mutant: {each}" for each in WRITTEN["accepted"] if each not in used]
    of_part = Counter(mutant.part for mutant in tried)
    lines = []
    for part, written in WRITTEN["parts"].items():
        score = 100 * dead[part] / of_part[part] if of_part[part] else 0
        lines.append(
            f"{part:14} killed {dead[part]:4} of {of_part[part]:4} ({score:5.1f} %), accepted {accepted[part]}"
        )
        if score < written["least"]:
            wrong.append(f"{part}: {score:.1f} of a hundred were killed; {written['least']} are, by what is written")
    total = (
        f"killed {dead.total()} of {len(tried)} mutants, {accepted.total()} accepted with a reason, {len(wrong)} wrong"
    )
    sys.stdout.write("\n".join([*wrong, *lines, total, ""]))
    return bool(wrong)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--each", type=int, help="how many mutants of each part; all if not given")
    asked.add_argument("--seed", default="1992", help="which ones")
    options = asked.parse_args()
    found = mutants()
    tried = found if options.each is None else drawn(found, options.each, options.seed)
    mutmut("run", *(mutant.name for mutant in tried), quiet=not sys.stdout.isatty())
    results = mutmut("results", "--all", "true").splitlines()
    status = dict(line.strip().rsplit(": ", 1) for line in results if line)
    return report(tried, status, all_tried=options.each is None)


if __name__ == "__main__":
    sys.exit(main())
