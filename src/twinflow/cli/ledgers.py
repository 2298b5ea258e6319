"""Printing how a date came about."""

from twinflow.cli.context import Cli
from twinflow.cli.output import print_table
from twinflow.sentences import Sentence
from twinflow.services.reading.ledger_in_words import ChangeLine, Explained, Ledger


def print_explained(cli: Cli, shown: Explained) -> None:
    print(f"{shown.id} · {cli.say(shown.label)} · {cli.text(shown.status)}")
    print(cli.say(shown.source))
    if shown.assumed is not None:
        print(cli.say(Sentence("The date is {assumed}: nothing follows from it.", {"assumed": shown.assumed})))
    if shown.carried is not None:
        print(cli.say(shown.carried))
    for number, reading in enumerate(shown.readings, start=1):
        if len(shown.readings) > 1:
            heading = cli.text("Reading {number} of {count}: {length}")
            values = {"number": number, "count": len(shown.readings), "length": cli.say(reading.length)}
            print(f"\n{heading.format(**values)}")
        print_ledger(cli, reading)
    if shown.changes:
        headings = cli.headings("Change", "Effective on", "By", "What", "Status")
        print_table(headings, [_change_row(cli, change) for change in shown.changes])


def print_ledger(cli: Cli, ledger: Ledger) -> None:
    """The summary, then a row for each day."""
    for point in ledger.summary:
        print(f"{cli.say(point.name)}: {'; '.join(cli.say(value) for value in point.values)}")
    rows = [[cli.short_day(line.on), cli.say(line.count), cli.say(line.what)] for line in ledger.lines]
    print_table(cli.headings("Day", "Count", "What became of it"), rows)


def _change_row(cli: Cli, change: ChangeLine) -> list[str]:
    what = "; ".join(cli.say(message) for message in (change.what, *change.grounds))
    return [str(change.number), cli.short_day(change.on), change.actor, what, cli.say(change.state)]
