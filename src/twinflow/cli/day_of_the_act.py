"""The day of an act: what `--on` says; else asked for on a terminal, and said elsewhere. It is never assumed in silence."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from twinflow.cli.context import Cli
from twinflow.cli.options import whole_day
from twinflow.cli.output import jsonable, print_json
from twinflow.cli.streams import note
from twinflow.errors import BadInput, Unreadable
from twinflow.sentences import Sentence


@dataclass(frozen=True, slots=True)
class DayOfTheAct:
    """`said` is what was said of a day that nobody named."""

    on: date
    said: Sentence | None = None


def day_of_the_act(cli: Cli, given: date | None, office_of: Callable[[], str]) -> DayOfTheAct:
    """The day that was given, else today at the office that keeps the case: by question where somebody can answer."""
    if given is not None:
        return DayOfTheAct(given)
    people, key = cli.runtime.people, office_of()
    today, office = people.today(key, cli.now()), people.offices[key]
    values = {"day": today, "office": office.label, "zone": office.time_zone}
    if sys.stdin.isatty() and sys.stderr.isatty():
        return DayOfTheAct(_asked(cli, Sentence("Today at {office} ({zone}) it is {day}.", values), today))
    said = Sentence("The day of the act is {day}, today at {office} ({zone}); --on names another one.", values)
    note(cli.say(said))
    return DayOfTheAct(today, said)


def _asked(cli: Cli, said: Sentence, today: date) -> date:
    """Asked until it is a day; Enter takes today. Raises BadInput where nobody answers."""
    note(cli.say(said))
    question = cli.say(Sentence("On which day was it done? [{today}] ", {"today": today.isoformat()}))
    while True:
        print(question, end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            raise BadInput("The day of the act was not named; nothing was done.")
        try:
            return whole_day(answer.strip()) if answer.strip() else today
        except Unreadable as error:
            note(cli.say(Sentence("“{value}”: {mistake}.", {"value": answer.strip(), "mistake": error.message})))


def print_json_of_act(cli: Cli, value: object, day: DayOfTheAct) -> None:
    """What came of an act, with its day; `said` is empty where somebody named it."""
    shown = jsonable(value, cli.language)
    assert isinstance(shown, dict)
    print_json({**shown, "day_of_the_act": {"on": day.on, "said": day.said or ""}}, cli.language)
