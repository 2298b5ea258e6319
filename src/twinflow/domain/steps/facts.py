"""The facts that come with a step, read and checked."""

from datetime import date

from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import Checklist, ProcessDefinition, Step
from twinflow.domain.process.well_known_facts import NOT_IN_FUTURE
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import Unreadable
from twinflow.sentences import Sentence


def is_still_to_come(value: PartialDate | str, today: date) -> bool:
    """Whether a dated fact lies after `today`."""
    return isinstance(value, PartialDate) and value.as_date is not None and value.as_date > today


def recorded_facts(
    definition: ProcessDefinition, step: Step, command: StepCommand, today: date
) -> tuple[dict[str, PartialDate | str], list[Sentence]]:
    """The facts of the command as values; a step's own facts are all needed. The day of the act is one where the step says so."""
    facts: dict[str, PartialDate | str] = {}
    mistakes: list[Sentence] = []
    if step.day_as is not None:
        facts[step.day_as] = PartialDate.of(command.taken_on(today))
    for key in step.records:
        text = command.records.get(key, "").strip()
        if not text:
            label = definition.records[key]
            mistakes.append(Sentence("{fact} is missing: give {key}=…", {"fact": label, "key": key}))
            continue
        try:
            facts[key] = _value(definition, key, text)
        except Unreadable as error:
            mistakes.append(
                Sentence("{key} = “{text}”: {mistake}.", {"key": key, "text": text, "mistake": error.message})
            )
            continue
        if key in NOT_IN_FUTURE and is_still_to_come(facts[key], today):
            mistakes.append(Sentence("{fact}: the day is still to come.", {"fact": definition.facts[key]}))
    return facts, mistakes


def _value(definition: ProcessDefinition, key: str, text: str) -> PartialDate | str:
    """What is put on record: a date, a text, the mark of a paper, or the items of a checklist. Raises Unreadable."""
    if key in definition.checklists:
        return items_of(definition.checklists[key], text)
    return PartialDate.parse(text) if key.endswith("_on") else text


def items_of(checklist: Checklist, text: str) -> str:
    """The items named, in the order of the checklist; `all` and `none` are words for them."""
    if text in {"all", "none"}:
        return ",".join(checklist.items) if text == "all" else ""
    named = [name.strip() for name in text.split(",")]
    unknown = sorted(set(named) - checklist.items.keys())
    if unknown:
        raise Unreadable(
            "“{unknown}” is not on the list; name items of {items}, with commas between them, or all, or none",
            unknown=unknown,
            items=list(checklist.items),
        )
    return ",".join(key for key in checklist.items if key in named)
