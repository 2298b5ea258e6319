"""One agreement that cannot be read is reported with its reference; sweep, mail, lists, pages, feeds and imports go on."""

from collections.abc import Callable

import pytest
from damage import DAMAGED, EVERYWHERE, IN_THE_TIMELINE, ON_SQLITE, damage
from fastapi.testclient import TestClient

from builders import AT_PAGE
from command_line import Ran, twinflow
from signed_in import signed_in
from tiny_world import loaded
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import NotFound, TwinflowError, UnreadableAgreement
from twinflow.mail.inbox import captured_messages
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.alerts.open_incidents import open_incidents
from twinflow.services.mail import calendar_feeds, outbox
from twinflow.services.mail.letters import AGAIN
from twinflow.services.reading import agreements, deadlines
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.app import create_app
from world import World

SAID = f"{DAMAGED} cannot be read: its rows, or the files they rest on, were altered or damaged"
ALERTS = 9
"""What the first pass tells of the register, one of it about the agreement that is damaged here."""


@pytest.fixture(params=[*EVERYWHERE, *ON_SQLITE])
def damaged(cuenca: World, request: pytest.FixtureRequest) -> World:
    if request.param in ON_SQLITE and cuenca.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no such row")
    damage(cuenca.engine, {**EVERYWHERE, **ON_SQLITE}[request.param])
    return cuenca


def browser_of(world: World, language: str = "en") -> TestClient:
    app = create_app(world.runtime, lambda: world.now)
    browser = TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": language})
    return signed_in(browser, world.runtime, world.now)


def mail(world: World) -> str:
    return "\n".join(message.text for message in captured_messages(world.runtime.settings.mail.capture_folder))


def test_an_agreement_that_cannot_be_read_is_reported_and_the_others_go_on(damaged: World) -> None:
    listed = list(
        agreements.each_agreement(damaged.engine, damaged.rulebook, damaged.people, damaged.now, viewer=OPERATOR)
    )
    assert len(listed) == 38
    assert {line.reference for line in listed if line.unreadable} <= {DAMAGED}
    for _ in range(2):
        done = damaged.tick()
        assert all(str(problem).startswith(SAID) for problem in done.sweep.problems)
        assert done.delivery.failures == ()
    alerts = [done.sweep.alerts for done in damaged.passes]
    reported = [[problem.reference for problem in done.sweep.problems] for done in damaged.passes]
    rested = reported == [[], []]  # a place in a list follows from the rest: the sweep has put it right
    assert (alerts, rested) == ([ALERTS, 0], True) or (alerts, reported) == ([ALERTS - 1, 0], [[DAMAGED]] * 2)
    assert "CU-14" in mail(damaged)
    for everything in (False, True):
        found = deadlines.list_deadlines(
            damaged.engine, damaged.rulebook, damaged.people, damaged.now, everything=everything, viewer=OPERATOR
        )
        assert all(str(each).startswith(SAID) for each in found.unreadable)
        assert rested or not everything or len(found.unreadable) == 1
    calendar_feeds.dates_of(
        damaged.engine, damaged.rulebook, damaged.people, damaged.people.person("lucia"), damaged.now
    )
    damaged.import_cuenca()
    with browser_of(damaged) as browser:
        shown = {address: browser.get(address) for address in ("/", "/?all=1", "/agreements/CU-26", "/incidents")}
        assert {response.status_code for response in shown.values()} == {200}
        assert rested or SAID in shown["/incidents"].text
        own = browser.get(f"/agreements/{DAMAGED}")
        assert (own.status_code, SAID in own.text) == ((200, False) if rested else (500, True))


@pytest.mark.parametrize(
    ("kind", "refused", "said"),
    [
        ("a state that its version lacks", UnreadableAgreement, SAID),
        ("an office that the people file lacks", NotFound, "There is no agreement"),
    ],
)
def test_a_step_in_it_is_refused_with_the_reason(
    cuenca: World, kind: str, refused: type[TwinflowError], said: str
) -> None:
    """Where its office cannot be read, nobody is of that office and sees the case; the shell and incidents tell of it."""
    damage(cuenca.engine, EVERYWHERE[kind])
    command = StepCommand("renew", cuenca.now.date())
    with pytest.raises(refused, match=said):
        advance_agreement(
            cuenca.engine,
            cuenca.rulebook,
            cuenca.people,
            DAMAGED,
            command,
            person="lucia",
            door=AT_PAGE,
            now=cuenca.now,
        )


def test_once_it_is_put_right_what_was_to_be_told_of_it_is_told_and_the_incident_ends(
    cuenca: World, caplog: pytest.LogCaptureFixture
) -> None:
    damage(cuenca.engine, "UPDATE agreement SET state = 'gone' WHERE id = :agreement")
    worker, before = cuenca.worker, cuenca.now
    for hours in (0, 1):
        cuenca.now = before.replace(hour=before.hour + hours)
        worker.sweep()
    (incident,) = open_incidents(cuenca.engine, viewer=OPERATOR).kept
    assert (incident.reference, incident.since, incident.seen_at) == (DAMAGED, before, cuenca.now)
    assert caplog.text.count(SAID) == 1, "not again with each pass"
    damage(cuenca.engine, "UPDATE agreement SET state = 'in_force' WHERE id = :agreement")
    assert worker.sweep().alerts == 1
    assert f"no longer: {SAID}" in caplog.text
    assert open_incidents(cuenca.engine, viewer=OPERATOR).kept == ()


def test_what_a_letter_cannot_say_of_one_agreement_waits_and_the_rest_is_told(cuenca: World) -> None:
    damage(cuenca.engine, IN_THE_TIMELINE, "CU-14")
    done = cuenca.tick()
    assert (done.sweep.problems, done.delivery.sent, done.delivery.undelivered) == ((), 1, 0)
    assert [str(failure).partition(":")[0] for failure in done.delivery.failures] == ["CU-14 cannot be read"]
    assert "CU-11" in mail(cuenca)
    assert "CU-14" not in mail(cuenca)
    assert cuenca.tick().delivery.sent == 0
    (waiting,) = outbox.messages(cuenca.engine, ["queued"], viewer=OPERATOR)
    with UnitOfWork(cuenca.engine, reading=True) as work:
        assert work.alerts.agreements_of(waiting.id) == [(work.agreements.id_of("CU-14"), "liaison")]
    cuenca.now += AGAIN
    assert [str(each).partition(":")[0] for each in cuenca.tick().delivery.failures] == ["CU-14 cannot be read"]


@pytest.fixture
def run(cuenca: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `twinflow …` on the register."""
    settings = cuenca.runtime.settings
    monkeypatch.chdir(settings.mail.capture_folder.parent)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(settings.people_file))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", settings.database.url)
    monkeypatch.setenv("TWINFLOW_MAIL__CAPTURE_FOLDER", str(settings.mail.capture_folder))
    return lambda *arguments: twinflow(monkeypatch, capsys, *arguments)


def test_commands_about_it_say_so_and_commands_about_all_show_the_others(
    cuenca: World, run: Callable[..., Ran]
) -> None:
    damage(cuenca.engine, EVERYWHERE["a deadline of a rule that its version lacks"])
    for command in (
        ("agreements", "show", DAMAGED),
        ("agreements", "steps", DAMAGED, "--as", "lucia"),
        ("agreements", "advance", DAMAGED, "renew", "--as", "lucia"),
        ("deadlines", "explain", f"{DAMAGED}/first_programme/1"),
    ):
        done = run(*command)
        assert (done.code, done.out) == (3, ""), command
        assert SAID in done.err
        assert "has no deadline gone" in done.err
    listed = run("agreements", "list", "--json")
    assert (listed.code, len(listed.json)) == (0, 38)
    assert [line["reference"] for line in listed.json if line["unreadable"]] == [DAMAGED]
    due = run("deadlines", "list", "--json")
    assert due.code == 3, "what there is of the others is not all"
    assert SAID in due.err
    ticked = run("tick")
    assert ticked.code == 3
    assert SAID in ticked.err
    (incident,) = run("incidents", "--json").json["kept"]
    assert incident["reference"] == DAMAGED
    assert DAMAGED in run("incidents").out


def test_others_can_still_be_opened(cuenca: World) -> None:
    damage(cuenca.engine, EVERYWHERE["a version that there is not"])
    parties = (Party("Cuenca", "EC", home=True), Party("Loja", "EC"))
    new = NewAgreement("CU-99", "ec/agreement", "cuenca", "Cuenca – Loja", cuenca.now.date(), parties)
    open_agreement(cuenca.engine, cuenca.rulebook, cuenca.people, new, actor="lucia", door=AT_PAGE, now=cuenca.now)
    assert loaded(cuenca, "CU-99").reference == "CU-99"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deadline SET wake_on = 'soon' WHERE agreement_id = :agreement",
        "UPDATE agreement SET derive_on = 'soon' WHERE id = :agreement",
    ],
)
def test_a_day_that_would_never_come_is_reported_though_nothing_is_due(cuenca: World, statement: str) -> None:
    if cuenca.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no such row")
    cuenca.tick()
    assert cuenca.tick().sweep.problems == ()
    damage(cuenca.engine, statement)
    assert [problem.reference for problem in cuenca.tick().sweep.problems] == [DAMAGED]


def test_a_list_goes_on_page_by_page_over_a_row_whose_place_cannot_be_told(cuenca: World) -> None:
    if cuenca.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no such row")
    damage(cuenca.engine, ON_SQLITE["a place in the list that cannot be read"])
    for at_once in (1, 2, 7):
        found: list[str] = []
        after = None
        while True:
            page = agreements.list_agreements(
                cuenca.engine, cuenca.rulebook, cuenca.people, cuenca.now, after=after, at_once=at_once, viewer=OPERATOR
            )
            found += [line.reference for line in page.lines]
            after = page.following
            if after is None:
                break
        assert len(found) == len(set(found)) == 38
        assert DAMAGED in found
