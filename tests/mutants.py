"""The score of the last `mutmut run`: killed of all, and every survivor with the reason for which it may live.

Ends with 1 if a mutant survived without a reason, or a reason is left without its mutant.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

REASONS = Path(__file__).with_suffix(".toml")
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
DEAD = {"killed", "timeout", "caught by type check"}


def mutmut(*arguments: str) -> str:
    return subprocess.run([MUTMUT, *arguments], check=True, capture_output=True, text=True).stdout


def changed_line(name: str) -> str:
    """What the mutant put in the place of the code."""
    added = [line[1:].strip() for line in mutmut("show", name).splitlines() if line.startswith("+")]
    return " ".join(line for line in added if not line.startswith("++"))


def main() -> int:
    found = dict(line.strip().rsplit(": ", 1) for line in mutmut("results", "--all", "true").splitlines() if line)
    reasons = tomllib.loads(REASONS.read_text("utf-8"))
    alive = {name: status for name, status in found.items() if status not in DEAD}
    said, wrong = [], []
    for name, status in alive.items():
        change, entry = changed_line(name), reasons.get(name)
        if entry and status == "survived" and entry["change"] == change:
            said.append(f"accepted {name}\n    {change}\n    {entry['reason']}")
        else:
            wrong.append(f"{status} without a reason: {name}\n    {change}")
    wrong += [f"a reason without its mutant: {name}" for name in reasons if name not in alive]
    if not found:
        wrong.append("there are no mutants: `make mutants` makes them")
    dead = len(found) - len(alive)
    score = f"killed {dead} of {len(found)} mutants, {len(said)} accepted with a reason, {len(wrong)} wrong"
    sys.stdout.write("\n".join([*said, *wrong, score, ""]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
