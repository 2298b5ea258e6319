"""Books of an earlier version go on for a year after the upgrade: no level twice, none lost, and nothing old is unreadable.

`revision_0003/README.md` tells what is in the books, and how what is expected of the year was found.
"""

import mailbox
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from old_books import BOOKS, DATABASES, LAST_DAY, Came, came, expected, live, restored, settings_of, started
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from command_line import twinflow
from next_dates import not_as_deadlines_say
from twinflow.domain.agreement.listing import Filters, words_in
from twinflow.language import say
from twinflow.services.alerts import opt_outs
from twinflow.services.mail import calendar_feeds, outbox
from twinflow.services.reading import agreements, deadlines
from twinflow.storage import database
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

DIGEST = "elena"
"""Whose digest was open when the books were closed."""


@pytest.fixture(params=DATABASES)
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Upgraded, on the evening on which they were closed."""
    with restored(request.param, tmp_path, request) as url, started(settings_of(url, tmp_path)) as world:
        yield world


@dataclass(frozen=True)
class Year:
    """A year on: what the books said before it, and the world after it."""

    world: World
    before: list[Came]
    waiting: dict[int, str]
    """The messages that waited, with their readers."""
    folder: Path

    @property
    def came(self) -> list[Came]:
        return sorted((Counter(came(self.world.engine)) - Counter(self.before)).elements())

    def letter(self, outbox_id: int) -> str:
        _, content = outbox.message(self.world.engine, outbox_id)
        assert content is not None
        body = BytesParser(policy=policy.default).parsebytes(content).get_body(preferencelist=("plain",))
        assert body is not None
        return str(body.get_content())


@pytest.fixture(scope="module", params=DATABASES)
def year(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """Lived once, and only read by the tests."""
    folder = tmp_path_factory.mktemp("year")
    with restored(request.param, folder, request) as url, started(settings_of(url, folder)) as world:
        before = came(world.engine)
        waiting = outbox.messages(world.engine, ["queued", "leased", "retrying"])
        live(world, LAST_DAY)
        yield Year(world, before, {message.id: message.recipient for message in waiting}, folder)


# A year on


def test_what_is_told_and_done_is_what_the_version_of_then_would_have_told_and_done(year: Year) -> None:
    found, foretold = Counter(year.came), Counter(expected())
    assert sorted(found - foretold) == [], "nothing that was not to come, and nothing twice"
    assert sorted(foretold - found) == [], "nothing is lost"


def test_nobody_is_told_the_same_twice(year: Year) -> None:
    told = Counter(each[1:6] for each in year.before + year.came)
    assert [identity for identity, times in told.items() if times > 1] == []
    assert len(year.before) > 200
    assert len(year.came) > 300


def test_what_was_told_before_is_kept_as_it_was(year: Year) -> None:
    assert set(year.before) <= set(came(year.world.engine))


def test_a_snooze_of_then_ends_on_its_day(year: Year) -> None:
    """Three days before the 19th is the 16th; Elena wanted to hear nothing before the 18th."""
    (soon,) = [each for each in year.came if each[1:5] == ("P-6", "deadline:answer", 1, "3 days before")]
    assert (soon.on, soon.recipient, soon.effective_on) == (date(2026, 3, 18), "elena", date(2026, 3, 16))


def test_what_was_acknowledged_then_is_still_not_escalated(year: Year) -> None:
    """Of the same deadline of another agreement, which nobody acknowledged, the contact of the ministry is told."""
    of_programmes = [each for each in year.came if each.subject == "deadline:first_programme"]
    levels = {each.level for each in of_programmes if each.reference == "MX-1"}
    assert levels
    assert all(level.startswith("every 30 days #") for level in levels)
    assert "60 days after to contact" in {each.level for each in of_programmes if each.reference == "MX-2"}


def test_what_waited_for_somebody_to_hold_a_role_is_told_on_the_first_day_of_it(year: Year) -> None:
    (told,) = [
        each
        for each in year.came
        if each[1:6] == ("MX-2", "deadline:first_programme", 1, "60 days after to contact", "carmen")
    ]
    assert (told.on, told.effective_on) == (date(2026, 4, 6), date(2026, 2, 27))


def test_a_repeating_level_goes_on_with_the_next_number(year: Year) -> None:
    def numbers(found: list[Came]) -> list[int]:
        levels = [each.level for each in found if each[1:3] == ("EC-2", "deadline:first_protocol")]
        return sorted(int(level.partition("#")[2]) for level in levels if "#" in level)

    assert numbers(year.before) == [1, 2, 3]
    assert numbers(year.came) == [4, 5, 6, 7]


def test_a_delegate_is_told_in_the_absence_that_comes(year: Year) -> None:
    stood_for = [each for each in year.came if each.stands_for]
    assert {(each.recipient, each.stands_for) for each in stood_for} == {("diana", "lucia")}
    assert all(date(2026, 7, 6) <= each.on <= date(2026, 7, 24) for each in stood_for)
    away = [
        each for each in year.came if each.recipient == "lucia" and date(2026, 7, 6) <= each.on <= date(2026, 7, 24)
    ]
    assert away == []


def test_a_term_of_then_runs_out_on_its_day(year: Year) -> None:
    steps = [each for each in year.came if each.subject.startswith("by the clock")]
    assert [(each.on, each.reference, each.level, each.effective_on) for each in steps] == [
        (date(2026, 10, 16), "EC-1", "expired", date(2026, 10, 15))
    ]


def test_every_message_that_waited_leaves_once(year: Year) -> None:
    world = year.world
    assert set(year.waiting.values()) == {"elena", "mateo", "sergio"}
    states = {message.id: message.state for message in outbox.messages(world.engine)}
    assert Counter(states[number] for number in year.waiting) == {"accepted": 3, "possible duplicate": 1}
    assert Counter(states.values()) > Counter(failed=1, bounced=1, cancelled=1, dropped=1), (
        "what was settled then stays so"
    )
    left = Counter(message["Message-ID"] for message in mailbox.Maildir(year.folder / "mail"))
    for number in year.waiting:
        _, content = outbox.message(world.engine, number)
        assert content is not None
        assert left[BytesParser(policy=policy.default).parsebytes(content)["Message-ID"]] == 1


def test_the_digest_that_was_open_says_what_it_was_to_say(year: Year) -> None:
    """P-9 was done before it left: there is nothing to say of it any more."""
    (number,) = [number for number, reader in year.waiting.items() if reader == DIGEST]
    letter = year.letter(number)
    assert "P-7" in letter
    assert "“Respuesta” venció" not in letter
    assert "P-9" not in letter
    (message,) = [message for message in outbox.messages(year.world.engine) if message.id == number]
    assert message.settled_at is not None
    assert message.settled_at.date() == date(2026, 3, 9), "Monday"


# As they were closed


def test_the_versions_that_agreements_run_on_are_still_those(books: World) -> None:
    with books.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT process, process_version, process_digest, count(*) FROM agreement GROUP BY 1, 2, 3")
        )
        found = {(process, version): (digest, count) for process, version, digest, count in rows}
    assert {name: count for name, (_, count) in found.items()} == {
        ("annual-programme", 1): 1,
        ("ec/agreement", 1): 11,
        ("ec/cuenca", 1): 1,
        ("mx/twinning", 1): 5,
        ("petition", 1): 3,
        ("petition", 2): 6,
    }
    for name, (digest, _) in found.items():
        assert books.rulebook.catalogue.version(*name).digest == digest


def words_of(world: World, reference: str, language: str = "es") -> list[str]:
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, reference, world.now)
    return [say(entry.text, language) for entry in page.timeline]


SENTENCES = {
    "MX-1": [
        "Abierto en el estado “Interés”",
        "Registrar la firma de una parte (Albuquerque) → Firmado, sin inscribir",
        "Dictaminar: procedente → Dictamen procedente, por firmar; Número del dictamen: DEP-1/25",
        (
            "Dictamen de procedencia: ampliado 5 días hábiles (cambio 3); motivo: other work came first, documento: OF-7/25, "
            "requiere la confirmación de: superior del enlace"
        ),
        "Dictamen de procedencia: cambio 3 confirmado por una segunda persona",
        "Dictamen de procedencia: cambió de lunes 27 de octubre de 2025 a viernes 9 de enero de 2026",
        (
            "Primer programa operativo anual: Chihuahua acepta el viernes 6 de febrero de 2026 (cambio 1); "
            "motivo: other work came first, documento: OF-7/25"
        ),
        "Primer programa operativo anual (viernes 6 de febrero de 2026): se hace cargo; the programme is being translated",
        "Aviso a david, en ausencia de elena: Inscripción en el registro",
        "Alerta a sergio: Por confirmar: Dictamen de procedencia",
    ],
    "EC-1": [
        (
            "El mensaje 1 para mateo no pudo entregarse: 127.0.0.1:2525 rechazó el mensaje para mateo@cuenca.example: "
            "550 5.1.1 mailbox unknown"
        ),
        "El mensaje 1 para mateo se canceló: told by telephone",
    ],
    "CU-14": ["Alerta a lucia: Falta la firma: La Habana"],
    "CU-10": [
        "Importado de un registro en el estado “Vigente”",
        "Vence el plazo → Vencido",
        "Alerta a lucia: El texto se contradice",
    ],
    "P-1": ["Pasó de petition v1 a petition v2: new circular", "Acusar recibo → Consultada"],
    "P-6": [
        (
            "Respuesta (jueves 19 de marzo de 2026): aplaza sus propios avisos hasta el miércoles 18 de marzo de 2026; "
            "motivo: the mayor travels"
        ),
        (
            "Respuesta: pasó del martes 17 de marzo de 2026 al jueves 19 de marzo de 2026 por una nueva edición del calendario "
            "mx-labour"
        ),
    ],
    "P-9": [
        (
            "Acuse de recibo: pasó del jueves 12 de marzo de 2026 al martes 17 de marzo de 2026 por una nueva edición del "
            "calendario mx-labour"
        ),
    ],
}


@pytest.mark.parametrize("reference", SENTENCES)
def test_the_history_of_then_is_told_in_the_words_of_then(books: World, reference: str) -> None:
    words = words_of(books, reference)
    assert [sentence for sentence in SENTENCES[reference] if sentence not in words] == []


def test_every_entry_of_every_history_has_its_words(books: World) -> None:
    """No entry falls back on keys, and none is in English where Spanish is asked for."""
    found = [
        (ref, w)
        for ref in agreements.list_references(books.engine)
        for w in zip(words_of(books, ref), words_of(books, ref, "en"), strict=True)
    ]
    with books.engine.connect() as connection:
        kinds = set(connection.execute(text("SELECT kind FROM history")).scalars())
        assert len(found) == connection.execute(text("SELECT count(*) FROM history")).scalar()
    assert kinds == {
        "opened",
        "imported",
        "step",
        "deadline",
        "change",
        "migrated",
        "mail",
        "alert",
        "acknowledged",
        "snoozed",
    }
    assert [entry for entry in found if entry[1][0] == entry[1][1]] == []
    assert [entry for entry in found if "_" in entry[1][0] or "{" in entry[1][0]] == []


@pytest.mark.parametrize(
    ("recipient", "state", "spanish", "english"),
    [
        (
            "mateo",
            "cancelled",
            "cancelado por Lucía Enlace: told by telephone",
            "cancelled by Lucía Enlace: told by telephone",
        ),
        (
            "rosa",
            "failed",
            "127.0.0.1:2525 rechazó el mensaje para rosa@registro.example: 550 5.1.1 mailbox unknown",
            "127.0.0.1:2525 refused the message to rosa@registro.example: 550 5.1.1 mailbox unknown",
        ),
        ("rita", "bounced", "fue devuelto: 550 5.1.1 mailbox unknown", "it came back: 550 5.1.1 mailbox unknown"),
        ("rita", "dropped", "ya no había nada que decir", "there was nothing left to say"),
        (
            "sergio",
            "retrying",
            "127.0.0.1:2525 rechazó el mensaje para sergio@chihuahua.example: 451 4.2.2 mailbox full",
            "127.0.0.1:2525 refused the message to sergio@chihuahua.example: 451 4.2.2 mailbox full",
        ),
    ],
)
def test_what_went_wrong_then_is_told_in_both_languages(
    books: World, recipient: str, state: str, spanish: str, english: str
) -> None:
    (message,) = [each for each in outbox.messages(books.engine, [state]) if each.recipient == recipient]
    assert message.error is not None
    assert (say(message.error, "es"), say(message.error, "en")) == (spanish, english)


def test_the_outbox_of_then_is_listed(
    books: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = books.runtime.settings
    assert settings.workflows_folder is not None
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", settings.database.url)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(BOOKS / "people.toml"))
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(settings.workflows_folder))
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "es")
    monkeypatch.setenv("COLUMNS", "400")
    listed = twinflow(monkeypatch, capsys, "outbox", "list")
    assert listed.code == 0, listed.err
    assert "fue devuelto: 550 5.1.1 mailbox unknown" in listed.out
    assert "rechazó el mensaje para rosa@registro.example" in listed.out


def test_what_people_had_chosen_still_holds(books: World) -> None:
    assert opt_outs.switched_off(books.engine, "lucia") == {"agreement-registered"}
    kept = [(feed.person, feed.revoked_at is None) for feed in calendar_feeds.feeds(books.engine)]
    assert kept == [("elena", True), ("lucia", False)]


def test_the_change_that_waited_for_its_second_person_still_waits(books: World) -> None:
    lines = deadlines.list_deadlines(books.engine, books.rulebook, books.people, books.now, everything=True)
    assert {line.id: line.waiting for line in lines if line.waiting} == {"MX-3/opinion/1": 1}


def test_every_page_and_list_of_then_is_shown(books: World) -> None:
    said = {line.id: line for line in deadlines.list_deadlines(books.engine, books.rulebook, books.people, books.now)}
    acknowledged = said["MX-1/first_programme/1"].acknowledged
    assert acknowledged is not None
    assert (acknowledged.by, acknowledged.note) == ("elena", "the programme is being translated")
    (snooze,) = said["P-6/answer/1"].snoozed
    assert (snooze.by, snooze.until) == ("elena", date(2026, 3, 18))
    every = agreements.each_agreement(books.engine, books.rulebook, books.people, books.now, Filters(everything=True))
    lines = list(every)
    assert len(lines) == 27
    (undated,) = [line for line in lines if line.reference == "CU-21"]
    assert [say(missing, "es") for missing in undated.missing] == ["Falta la fecha"]


def test_what_is_of_then_is_found_and_listed_as_what_is_new(books: World) -> None:
    assert not_as_deadlines_say(books.engine) == []
    here = (books.engine, books.rulebook, books.people, books.now)
    (found,) = agreements.each_agreement(*here, Filters(words="cu-10 MEDELLÍN"))
    assert found.reference == "CU-10"
    with UnitOfWork(books.engine, reading=True) as work:
        cases = work.agreements.load(work.agreements.all_ids())
    expected = {
        word for case in cases for word in words_in([case.reference, case.title, *(p.name for p in case.parties)])
    }
    with books.engine.connect() as connection:
        assert set(connection.scalars(text("SELECT word FROM word"))) == expected
    every = list(agreements.each_agreement(*here, Filters(everything=True)))
    assert [(line.next_on or date.max, line.reference) for line in every] == sorted(
        (c.next_on, c.reference) for c in cases
    )


def test_after_a_year_they_are_listed_by_the_dates_of_then(year: Year) -> None:
    assert not_as_deadlines_say(year.world.engine) == []


def test_the_history_of_then_still_cannot_be_changed(books: World) -> None:
    statements = ["UPDATE history SET actor = 'nobody'", "DELETE FROM history"]
    if books.engine.dialect.name == "postgresql":
        statements.append("TRUNCATE history")
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), books.engine.begin() as connection:
            connection.execute(text(statement))


def test_a_second_upgrade_changes_nothing_in_them(books: World) -> None:
    before = came(books.engine), database.revision(books.engine)
    database.upgrade(books.engine)
    assert (came(books.engine), database.revision(books.engine)) == before
    assert books.now == datetime(2026, 3, 6, 23, tzinfo=UTC)
