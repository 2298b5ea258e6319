"""Pauses, extensions and what was taken away again, in any order, against a walk from day to day."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from deep.cases import inputs_of, lengths_of, pauses_of
from deep.ledgers import complaints_about
from oracle import Case, due, pool_of_calendars, some_case, some_length, some_pauses
from twinflow.domain.calendar.business_days import Pause, Roll
from twinflow.domain.deadlines.counting import Inputs, compute

POOL = pool_of_calendars(Random("periods"), 30)


def test_any_mixture_is_due_on_the_day_that_a_walk_from_day_to_day_finds(trials):
    def try_one(random: Random) -> None:
        case = some_case(random, POOL)
        assert compute(inputs_of(case)).on == due(case), case

    trials(try_one, short=1_500, deep=250_000)


def test_pauses_and_extensions_granted_and_taken_away_leave_what_is_there_at_the_end(trials):
    """A life of a deadline: after each change the date is that of a walk over what stands then."""

    def try_some(random: Random) -> None:
        case = some_case(random, POOL)._replace(backward=False)
        inputs = inputs_of(case)
        for _ in range(5):
            case, inputs = changed(random, case, inputs)
            assert compute(inputs).on == due(case), case

    trials(try_some, short=500, deep=100_000, size=5)


def changed(random: Random, case: Case, inputs: Inputs) -> tuple[Case, Inputs]:
    """A pause or more time, granted or taken away, in the plain case and in the inputs by themselves."""
    match random.choice(("pause", "extend", "end the pause", "take back")):
        case "pause":
            more = some_pauses(random, case.start, running=random.random() < 0.2)
            return case._replace(pauses=case.pauses + more), replace(inputs, pauses=inputs.pauses + pauses_of(more))
        case "extend":
            length = some_length(random)
            granted = (*inputs.extensions, *lengths_of([length]))
            return case._replace(lengths=(*case.lengths, length)), replace(inputs, extensions=granted)
        case "take back" if inputs.extensions:
            taken = random.randrange(len(inputs.extensions))
            left = case.lengths[: taken + 1] + case.lengths[taken + 2 :]
            kept = inputs.extensions[:taken] + inputs.extensions[taken + 1 :]
            return case._replace(lengths=left), replace(inputs, extensions=kept)
        case _ if inputs.pauses:
            taken = random.randrange(len(inputs.pauses))
            return (
                case._replace(pauses=case.pauses[:taken] + case.pauses[taken + 1 :]),
                replace(inputs, pauses=inputs.pauses[:taken] + inputs.pauses[taken + 1 :]),
            )
    return case, inputs


def test_the_order_in_which_things_were_granted_makes_no_difference(trials):
    def try_one(random: Random) -> None:
        inputs = inputs_of(some_case(random, POOL))
        due_on = compute(inputs).on
        pauses, extensions = list(inputs.pauses), list(inputs.extensions)
        random.shuffle(pauses)
        random.shuffle(extensions)
        assert compute(replace(inputs, pauses=tuple(pauses), extensions=tuple(extensions))).on == due_on, inputs

    trials(try_one, short=500, deep=40_000)


def test_a_pause_cut_in_two_costs_the_same_days(trials):
    def try_one(random: Random) -> None:
        inputs = inputs_of(some_case(random, POOL))
        whole = (
            inputs.roll is Roll.MODIFIED_FOLLOWING
        )  # a pause known to last over a month's end settles where it rolls to
        pieces = [
            piece
            for pause in inputs.pauses
            for piece in ((pause,) if pause.end is None and whole else cut(random, pause))
        ]
        assert compute(replace(inputs, pauses=tuple(pieces))).on == compute(inputs).on, inputs

    trials(try_one, short=500, deep=40_000)


def cut(random: Random, pause: Pause) -> tuple[Pause, Pause]:
    """Two that follow one on the other; of one that runs on, the second runs on."""
    days = 90 if pause.end is None else (pause.end - pause.start).days
    between = pause.start + timedelta(days=random.randrange(days + 1))
    return replace(pause, end=between), replace(pause, start=between)


def test_a_pause_told_twice_or_over_another_costs_its_days_once(trials):
    def try_one(random: Random) -> None:
        inputs = inputs_of(some_case(random, POOL))
        inner = [
            replace(pause, start=pause.start + timedelta(days=1))
            for pause in inputs.pauses
            if pause.end is None or pause.start + timedelta(days=1) < pause.end
        ]
        twice = (*inner, *inputs.pauses, *inner)
        assert compute(replace(inputs, pauses=twice)).on == compute(inputs).on, inputs

    trials(try_one, short=500, deep=40_000)


def test_more_time_taken_away_again_leaves_the_first_date(trials):
    def try_one(random: Random) -> None:
        case = some_case(random, POOL)._replace(backward=False)
        inputs = inputs_of(case)
        (granted,) = lengths_of([some_length(random)])
        longer = replace(inputs, extensions=(*inputs.extensions, granted))
        first, later = compute(inputs).on, compute(longer).on
        assert compute(replace(longer, extensions=longer.extensions[:-1])).on == first
        assert first is not None or later is None, "more time ended a pause"

    trials(try_one, short=500, deep=40_000)


def test_the_ledger_leads_from_the_event_to_the_due_date_without_a_gap(trials):
    def try_one(random: Random) -> None:
        case = some_case(random, POOL)
        assert complaints_about(compute(inputs_of(case))) == [], case

    trials(try_one, short=300, deep=30_000)
