"""`twinflow tick --at` an instant that is still to come: what a pass would do then, and nothing of it is done."""

from datetime import datetime

from twinflow.bootstrap import Runtime
from twinflow.cli.context import Cli
from twinflow.cli.output import print_json, print_table
from twinflow.cli.simulating import told_in_words
from twinflow.domain.clock.last_pass import instant_in_words
from twinflow.sentences import Sentence
from twinflow.services.clock.simulating import foresee


def print_foreseen(cli: Cli, runtime: Runtime, at: datetime, *, json: bool) -> None:
    """Alerts and steps of dates."""
    foreseen = foresee(runtime.engine, runtime.rulebook, runtime.people, at)
    cli.warn(foreseen.problems)
    if json:
        print_json({"at": foreseen.at, "events": foreseen.events, "written": False}, cli.language)
        return
    rows = [
        [event.reference, *told_in_words(cli, event, foreseen.definitions[event.reference])]
        for event in foreseen.events
    ]
    if rows:
        print_table(cli.headings("Agreement", "What", "Who", "Level"), rows)
    values = {
        "at": instant_in_words(at),
        "alerts": foreseen.alerts,
        "moved": ", ".join(foreseen.moved) or "–",
    }
    print(
        cli.say(
            Sentence(
                "{at} is still to come: nothing was written and no mail was sent. "
                "Alerts that a pass would write then: {alerts}; agreements moved by the calendar: {moved}.",
                values,
            )
        )
    )
