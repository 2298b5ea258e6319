"""A migration plan: a small TOML file that somebody looks at before it is applied."""

import json
import re
from pathlib import Path

from twinflow.definitions.models import Key, Strict
from twinflow.definitions.reader import read_toml
from twinflow.domain.agreement.entries import Policy
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.steps.migration import OPEN, Plan, mistakes
from twinflow.errors import BadInput, NotFound
from twinflow.sentences import Problem, Sentence


class PlanModel(Strict):
    from_process: str
    to_process: str
    reason: str
    states: dict[Key, str]
    deadlines: dict[Key, Policy] = {}
    steps: dict[Key, str] = {}


def read_plan(path: Path, catalogue: Catalogue, running: Catalogue | None = None) -> Plan:
    """Read a plan. `running` has versions that agreements are on and no file has any more.

    Raises BadInput with every problem, each at the file and the path in it.
    """
    place = path.name
    model = read_toml(path, PlanModel, place)
    problems: list[Problem] = []
    found: list[ProcessDefinition] = []
    wanted = (("from_process", model.from_process, running or catalogue), ("to_process", model.to_process, catalogue))
    for key, name, known in wanted:
        try:
            found.append(version_named(name, known))
        except NotFound as error:
            problems.append(Problem(f"{place}: {key}", error.message))
    if not problems:
        plan = Plan(found[0], found[1], model.states, model.deadlines, model.reason, model.steps)
        problems += [Problem(f"{place}: {where}", message) for where, message in mistakes(plan)]
        if not model.reason.strip():
            problems.append(
                Problem(f"{place}: reason", Sentence("say why; it stays in the history of each agreement."))
            )
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=place)
    return plan


def version_named(name: str, catalogue: Catalogue) -> ProcessDefinition:
    """`mx/twinning` (its newest version) or `mx/twinning@1`. Raises NotFound, BadInput for one that is out of use."""
    key, at, version = name.partition("@")
    if not at:
        return catalogue.versions(key)[-1]
    if not re.fullmatch(r"[1-9][0-9]{0,5}", version):
        raise NotFound("“{name}” names no version; write it like mx/twinning@1.", name=name)
    return catalogue.version(key, int(version))


def plan_text(plan: Plan) -> str:
    """The plan as a file to be completed: what is missing is `"?"`, and read as a mistake until somebody says."""
    states = {key: plan.states.get(key, OPEN) for key in plan.source.states}
    lines = [
        f"from_process = {_quoted(f'{plan.source.key}@{plan.source.version}')}",
        f"to_process = {_quoted(f'{plan.target.key}@{plan.target.version}')}",
        f"reason = {_quoted(plan.reason)}",
    ]
    for name, table in (("states", states), ("deadlines", plan.deadlines), ("steps", plan.steps)):
        lines += ["", f"[{name}]", *(f"{key} = {_quoted(str(value))}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
