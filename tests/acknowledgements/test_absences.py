"""Out of office: mail goes to the delegate and back, and nothing else changes hands."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from desk import Desk, march

from builders import edited, noon, person
from twinflow.definitions.people import read_people
from twinflow.domain.clock.simulation import EventKind
from twinflow.domain.people.people import Absence, Assignment, People
from twinflow.errors import BadInput, NotFound

STAFF = {"elena": "liaison", "sergio": "supervisor", "ana": "", "bea": "", "cleo": "", "dora": ""}


def away(first: int, last: int, delegate: str) -> tuple[Absence, ...]:
    return (Absence(march(first), march(last), delegate),)


def test_the_delegate_is_told_while_the_person_is_away_and_the_person_afterwards(desk: Desk) -> None:
    desk.staff(STAFF, elena=away(6, 9, "ana"))
    assert desk.sweeps(march(2), march(14)) == {
        6: ["ana for elena: 6 days before"],
        8: ["sergio: 4 days before to supervisor"],
        9: ["ana for elena: 3 days before"],
        12: ["elena: on the day"],
        13: ["sergio: 1 day after to supervisor"],
        14: ["elena: 2 days after"],
    }


def test_what_the_delegate_was_told_is_not_told_again_on_return(desk: Desk) -> None:
    """On the 10th the sweep looks at it again: its date has moved."""
    desk.staff(STAFF, elena=away(9, 9, "ana"))
    desk.sweeps(march(2), march(9))
    desk.extend(march(10), "1 day")
    told = desk.sweeps(march(10), march(12))
    assert told == {}


def test_history_says_in_whose_place_it_was_told(desk: Desk) -> None:
    desk.staff(STAFF, elena=away(6, 9, "ana"))
    desk.sweep(march(6))
    details = desk.last_entry.details
    assert (details["recipient"], details["stands_for"], details["role"]) == ("ana", "elena", "liaison")


def test_a_delegate_who_is_away_passes_it_on(desk: Desk) -> None:
    desk.staff(STAFF, elena=away(1, 31, "ana"), ana=away(6, 6, "bea"))
    assert desk.sweeps(march(2), march(9)) == {
        6: ["bea for elena: 6 days before"],
        8: ["sergio: 4 days before to supervisor"],
        9: ["ana for elena: 3 days before"],
    }


@pytest.mark.parametrize(
    ("chain", "told"),
    [
        (("elena", "ana", "bea", "cleo"), "cleo for elena: 6 days before"),
        (("elena", "ana", "bea", "cleo", "dora"), "elena: 6 days before"),
    ],
)
def test_three_delegates_are_asked_and_then_the_person_gets_it(desk: Desk, chain: tuple[str, ...], told: str) -> None:
    absences = {who: away(1, 31, delegate) for who, delegate in pairwise(chain)}
    desk.staff(STAFF, **absences)
    assert desk.sweep(march(6)) == [told]


def test_a_delegate_who_is_told_the_same_anyway_is_told_once(desk: Desk) -> None:
    desk.staff({**STAFF, "eva": "liaison"}, elena=away(6, 6, "eva"))
    assert desk.sweep(march(6)) == ["eva for elena: 6 days before"]
    desk.staff({**STAFF, "eva": "liaison"})
    assert desk.sweeps(march(7), march(9)) == {
        8: ["sergio: 4 days before to supervisor"],
        9: ["elena: 3 days before", "eva: 3 days before"],
    }


def test_who_was_told_for_themselves_is_not_told_for_another(desk: Desk) -> None:
    desk.staff({**STAFF, "eva": "liaison", "elena": ""})
    assert desk.sweep(march(6)) == ["eva: 6 days before"]
    desk.staff({**STAFF, "eva": "liaison"}, elena=away(6, 31, "eva"))
    desk.extend(march(6), "1 day")
    assert desk.told[-1].startswith("eva for elena: moved:")
    assert desk.sweep(march(7)) == []


def test_a_snooze_is_for_ones_own_notices_wherever_they_go(desk: Desk) -> None:
    """Elena's wait although they would go to Eva; Eva's own are held, and what she gets for Elena is not."""
    desk.staff({**STAFF, "eva": "liaison"})
    desk.snooze(march(3), march(7), "elena")
    desk.snooze(march(3), march(11), "eva")
    desk.staff({**STAFF, "eva": "liaison"}, elena=away(6, 31, "eva"))
    assert desk.sweeps(march(6), march(11)) == {
        7: ["eva for elena: 6 days before"],
        8: ["sergio: 4 days before to supervisor"],
        9: ["eva for elena: 3 days before"],
    }


def test_a_delegate_gets_mail_and_no_authority(desk: Desk) -> None:
    desk.staff(STAFF, elena=away(1, 31, "ana"))
    with pytest.raises(NotFound, match=r"There is no agreement T-1\."):  # who holds no role sees nothing
        desk.acknowledge(march(6), "ana")


def test_what_is_foretold_goes_to_the_delegates_too(desk: Desk) -> None:
    desk.staff({**STAFF, "eva": "liaison"}, elena=away(6, 10, "ana"), sergio=away(8, 8, "ana"))
    desk.snooze(march(3), march(9), "eva")
    outlook = desk.foretell(noon(march(3)), march(20))
    foretold = {
        event.on.day: [f"{t.person}{f' for {t.stands_for}' if t.stands_for else ''}: {event.level}" for t in event.told]
        for event in outlook.events
        if event.kind is EventKind.ALERT
    }
    assert "ana for sergio: 4 days before to supervisor" in foretold[8]
    assert foretold == desk.sweeps(march(3), march(20))


def test_the_first_and_the_last_day_are_days_out_of_office() -> None:
    people = {"ana": person("ana"), "eva": person("eva", Assignment("liaison", "x"))}
    found = People({}, people)
    assert found.stand_in("ana", march(6)) == "ana"
    absence = Absence(march(6), march(9), "eva")
    assert [absence.covers(march(day)) for day in (5, 6, 9, 10)] == [False, True, True, False]


PEOPLE = """
[offices.home]
kind = "municipality"
label = { en = "Home", es = "Casa" }
country = "MX"
time_zone = "America/Chihuahua"
[people.ana]
name = "Ana"
mail = "ana@x.example"
roles = [{ role = "liaison", office = "home" }]
away = []
[people.bea]
name = "Bea"
mail = "bea@x.example"
roles = []
away = []
[people.cleo]
name = "Cleo"
mail = "cleo@x.example"
roles = []
away = []
"""


def read(folder: Path, *absences: str) -> People:
    """The people file with what each of the three says of being away."""
    text = PEOPLE
    for absence in absences:
        text = edited(text, ("away = []", f"away = [{absence}]".replace("[]", "[ ]")))
    (folder / "people.toml").write_text(text, "utf-8")
    return read_people(folder / "people.toml")


def day_out(first: str, last: str, delegate: str) -> str:
    return f'{{ from = {first}, to = {last}, delegate = "{delegate}" }}'


def test_absences_are_read_with_their_delegates(tmp_path: Path) -> None:
    people = read(tmp_path, day_out("2026-12-20", "2027-01-07", "bea")).people
    assert people["ana"].absences == (Absence(date(2026, 12, 20), date(2027, 1, 7), "bea"),)


def test_one_may_stand_in_for_the_other_on_other_days(tmp_path: Path) -> None:
    read(tmp_path, day_out("2026-12-20", "2026-12-24", "bea"), day_out("2026-12-25", "2026-12-31", "ana"))


@pytest.mark.parametrize(
    ("absences", "expected"),
    [
        (
            [day_out("2026-12-20", "2026-12-24", "beo")],
            ["people.ana.away[1].delegate: the person “beo” does not exist; did you mean “bea”?"],
        ),
        (
            [day_out("2026-12-20", "2026-12-24", "ana")],
            ["people.ana.away[1].delegate: nobody stands in for oneself; name another person."],
        ),
        ([day_out("2026-12-24", "2026-12-20", "bea")], ["people.ana.away[1]: it ends before it begins."]),
        (["{ from = 2026-12-24, to = 2026-12-25 }"], ["people.ana.away[1].delegate: this key is missing."]),
        (
            [f"{day_out('2026-12-20', '2026-12-24', 'bea')}, {day_out('2026-12-24', '2026-12-26', 'cleo')}"],
            ["people.ana.away[2]: it overlaps with absence 1."],
        ),
        (
            [
                day_out("2026-12-20", "2026-12-24", "bea"),
                day_out("2026-12-22", "2026-12-31", "cleo"),
                day_out("2026-12-24", "2026-12-24", "ana"),
            ],
            ["people.cleo.away[1]: on 2026-12-24 mail would go round in a circle: cleo → ana → bea → cleo."],
        ),
        (
            [
                f"{day_out('2026-12-20', '2026-12-24', 'ana')}, {day_out('2026-12-24', '2026-12-26', 'nobody')}",
                day_out("2026-12-01", "2026-12-31", "beata"),
            ],
            [
                "people.ana.away[1].delegate: nobody stands in for oneself; name another person.",
                "people.ana.away[2].delegate: the person “nobody” does not exist; there are: ana, bea, cleo.",
                "people.ana.away[2]: it overlaps with absence 1.",
                "people.bea.away[1].delegate: the person “beata” does not exist; did you mean “bea”?",
            ],
        ),
    ],
    ids=["unknown", "oneself", "backwards", "nobody", "overlap", "circle", "all at once"],
)
def test_a_mistake_is_answered_with_its_place(tmp_path: Path, absences: list[str], expected: list[str]) -> None:
    with pytest.raises(BadInput) as mistake:
        read(tmp_path, *absences)
    assert [str(problem) for problem in mistake.value.problems] == [f"people.toml: {each}" for each in expected]


def test_a_ring_beside_the_way_is_told_once_for_each_that_closes_it(tmp_path: Path) -> None:
    """Cleo's mail would go to Ana, and round between Ana and Bea: the ring is theirs to mend."""
    with pytest.raises(BadInput) as mistake:
        read(
            tmp_path,
            day_out("2026-12-20", "2026-12-24", "bea"),
            day_out("2026-12-22", "2026-12-31", "ana"),
            day_out("2026-12-23", "2026-12-23", "ana"),
        )
    (problem,) = mistake.value.problems
    assert str(problem).startswith("people.toml: people.bea.away[1]: on 2026-12-22 ")
