"""Books of earlier versions just after the upgrade, on the evening on which they were closed: nothing old is unreadable.

The `README.md` of each folder tells what is in the books.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from old_books import (
    DATABASES,
    OF_0003,
    OF_0004,
    OF_0005,
    OF_0009,
    OF_0014,
    OF_0018,
    OldBooks,
    came,
    restored,
    settings_of,
    started,
)
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from builders import AT_PAGE
from command_line import twinflow
from next_dates import not_as_deadlines_say
from twinflow.domain.agreement.listing import Filters, words_in
from twinflow.domain.corrections.waiting import pending
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.language import say
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.alerts import opt_outs
from twinflow.services.books import checking
from twinflow.services.mail import calendar_feeds, outbox
from twinflow.services.reading import agreements, deadlines
from twinflow.storage import database
from twinflow.storage.unit_of_work import UnitOfWork
from world import World


@pytest.fixture(
    scope="module", params=[OF_0003, OF_0004, OF_0005, OF_0009, OF_0014, OF_0018], ids=lambda old: old.revision
)
def old(request: pytest.FixtureRequest) -> OldBooks:
    found: OldBooks = request.param
    return found


@pytest.fixture(scope="module", params=DATABASES)
def books(old: OldBooks, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Upgraded once, and only read by the tests."""
    folder = tmp_path_factory.mktemp("closed")
    with (
        restored(old, request.param, folder, request) as url,
        started(settings_of(old, url, folder), old.closed_at) as world,
    ):
        yield world


PINNED = {
    OF_0003: {
        ("annual-programme", 1): 1,
        ("ec/agreement", 1): 11,
        ("ec/cuenca", 1): 1,
        ("mx/twinning", 1): 5,
        ("petition", 1): 3,
        ("petition", 2): 6,
    },
    OF_0004: {
        ("annual-programme", 1): 2,
        ("ec/agreement", 1): 22,
        ("ec/cuenca", 1): 1,
        ("mx/twinning", 1): 6,
        ("petition", 1): 3,
        ("petition", 2): 7,
        ("progress-report", 1): 1,
        ("working-group-meeting", 2): 3,
    },
    OF_0005: {
        ("annual-programme", 1): 2,
        ("ec/agreement", 1): 23,
        ("ec/cuenca", 1): 2,
        ("generic/agreement", 1): 1,
        ("mx/leon", 1): 2,
        ("mx/twinning", 1): 6,
        ("petition", 1): 3,
        ("petition", 3): 9,
        ("progress-report", 1): 1,
        ("working-group-meeting", 2): 3,
    },
    OF_0009: {
        ("annual-programme", 1): 2,
        ("ec/agreement", 1): 23,
        ("ec/agreement", 2): 1,
        ("ec/cuenca", 1): 2,
        ("generic/agreement", 1): 1,
        ("mx/leon", 1): 2,
        ("mx/twinning", 1): 6,
        ("petition", 1): 3,
        ("petition", 3): 12,
        ("progress-report", 1): 1,
        ("working-group-meeting", 2): 3,
    },
    OF_0014: {
        ("annual-programme", 1): 2,
        ("annual-programme", 2): 1,
        ("ec/agreement", 1): 23,
        ("ec/agreement", 2): 1,
        ("ec/agreement", 3): 2,
        ("ec/cuenca", 1): 2,
        ("generic/agreement", 1): 1,
        ("mx/leon", 1): 2,
        ("mx/twinning", 1): 6,
        ("petition", 1): 3,
        ("petition", 4): 16,
        ("progress-report", 1): 1,
        ("working-group-meeting", 2): 3,
        ("working-group-meeting", 3): 1,
    },
    OF_0018: {
        ("annual-programme", 1): 2,
        ("annual-programme", 2): 1,
        ("ec/agreement", 1): 23,
        ("ec/agreement", 2): 1,
        ("ec/agreement", 3): 2,
        ("ec/agreement", 4): 1,
        ("ec/cuenca", 1): 2,
        ("generic/agreement", 1): 1,
        ("mx/leon", 1): 2,
        ("mx/twinning", 1): 6,
        ("mx/twinning", 4): 2,
        ("petition", 1): 3,
        ("petition", 4): 20,
        ("progress-report", 1): 1,
        ("working-group-meeting", 2): 3,
        ("working-group-meeting", 3): 1,
    },
}


def test_the_versions_that_agreements_run_on_are_still_those(books: World, old: OldBooks) -> None:
    with books.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT process, process_version, process_digest, count(*) FROM agreement GROUP BY 1, 2, 3")
        )
        found = {(process, version): (digest, count) for process, version, digest, count in rows}
    assert {name: count for name, (_, count) in found.items()} == PINNED[old]
    for name, (digest, _) in found.items():
        pinned = books.rulebook.pinned(*name, digest)
        assert ((pinned.key, pinned.version), pinned.digest) == (name, digest)
    assert books.runtime.troubles == ()


def words_of(world: World, reference: str, language: str = "es") -> list[str]:
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, reference, world.now, viewer=OPERATOR)
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


SENTENCES_OF_0004 = {
    "MX-1": ["Inscribir en el registro → Inscrito; Número de registro: R-17/26"],
    "MX-2-M1": [
        "Registrar que la reunión se celebró → Realizada",
        "Pasó de working-group-meeting v1 a working-group-meeting v2: new rules of the group",
    ],
    "MX-3": [
        "Dictamen de procedencia: cambio 1 confirmado por una segunda persona",
        "Dictamen de procedencia: cambió de martes 24 de marzo de 2026 a –",
        "Dictaminar: con observaciones → Observaciones por atender; motivo: the draft names no areas",
        "Alerta a elena: Falta la firma: Albuquerque",
    ],
    "P-7": ["Respuesta (miércoles 1 de abril de 2026): se hace cargo; the answer is being signed"],
    "P-8": ["Respuesta: ampliado 5 días hábiles (cambio 3); motivo: other work came first, documento: OF-20/26"],
    "P-10": [
        (
            "Respuesta (martes 12 de mayo de 2026): aplaza sus propios avisos hasta el viernes 8 de mayo de 2026; "
            "motivo: the answer is at the printer's"
        ),
    ],
    "CU-02": ["Importado de un registro en el estado “Vigente”", "Vence el plazo → Vencido"],
    "EC-6": [
        (
            "Aprobación de la máxima autoridad: pasó del miércoles 20 de mayo de 2026 al viernes 22 de mayo de 2026 por una "
            "nueva edición del calendario ec-public"
        ),
        "Alerta a mateo: Cambió la fecha: Aprobación de la máxima autoridad",
    ],
}


SENTENCES_OF_0005 = {
    "L-1": [
        "Presentar la propuesta al consejo → Propuesta ante el consejo; Propuesta al consejo: PR-1/26",
        "Registrar el interés de la ciudad extranjera → Interés confirmado, carta por firmar",
        "Alerta a consuelo: Presentar la propuesta al consejo",
    ],
    "P-1": ["Pasó de petition v2 a petition v3: a shorter time to answer"],
    "P-12": [
        (
            "Respuesta (miércoles 8 de julio de 2026): aplaza sus propios avisos hasta el lunes 6 de julio de 2026; "
            "motivo: the answer is at the printer's"
        ),
    ],
}


SENTENCES_OF_0009 = {
    "P-13": ["Respuesta (lunes 24 de agosto de 2026): se hace cargo; the map is being drawn"],
    "P-14": [
        (
            "Respuesta (lunes 7 de septiembre de 2026): aplaza sus propios avisos hasta el viernes 4 de septiembre de 2026; "
            "motivo: the engineer is away"
        ),
    ],
}
SENTENCES_OF_0014 = {
    "MX-1": [
        "Registrado: Vigencia: 3 años (clause 9 of the text)",
        "Asiento 23 corregido: lo que dice el texto: 4 años; motivo: the clause was misread",
        "Fin de la vigencia: cambió de martes 28 de noviembre de 2028 a miércoles 28 de noviembre de 2029",
    ],
    "MX-3": [
        (
            "Asiento 13 retirado; motivo: the letter of Albuquerque was of another agreement; "
            "asiento 15 confirmado por una segunda persona"
        ),
    ],
    "G-1": ["Asiento 1 corregido: oficina: leon, nombre de Chihuahua: León; motivo: León keeps it"],
    "EC-1": ["Asiento 1 corregido: Vigencia: 2 años; motivo: the text says two"],
    "EC-10": ["Asiento 3 corregido: paso: Devolver a negociación; motivo: it was sent back"],
    "EC-11.annulled": ["Anulado, pues se abrió por error; motivo: opened by mistake"],
    "P-13": ["Se retira la corrección del asiento 1 (asiento 5); motivo: the day was right"],
    "P-14": ["Se rechaza la corrección del asiento 1 (asiento 5); motivo: the title is that of the petition"],
    "P-16": [
        "Asiento 3 retirado; motivo: no report was given",
        (
            "Asiento 10 corregido: documento: OF-31/26; motivo: the paper of another case; "
            "asiento 13 confirmado por una segunda persona"
        ),
    ],
    "P-17": ["Asientos 8, 9 retirados; motivo: neither was given; asiento 10 confirmado por una segunda persona"],
}
SENTENCES_OF_0018 = {
    "MX-9": [
        "La tarea de dictaminador en manos de rita",
        "Dictamen de procedencia: observación 1 a V: The evaluation is missing.",
        "Dictamen de procedencia: consulta 1 respondida: It is in order, if it says how it is renewed.",
        "Dictamen de procedencia: nota interna: ask the consulate in Ushuaia",
        "Dictamen de procedencia: proyecto presentado, 151 caracteres (SHA-256 f1755d277d94…)",
        "Dictamen de procedencia: observación 1 reabierta: The evaluation of what?",
        (
            "Dictamen de procedencia: consulta 2 a consultoría jurídica, a más tardar el martes 8 de diciembre de 2026: "
            "May a term end without renewal?"
        ),
    ],
    "P-13": ["La tarea de enlace entregada por elena a nadia; motivo: nadia drew the map"],
    "P-15": [
        (
            "La tarea de enlace apartada hasta el lunes 14 de diciembre de 2026, en manos de elena; "
            "motivo: the budget is voted in December"
        )
    ],
    "P-16": ["La tarea de enlace vuelve a esperar a todas las personas"],
}
SENTENCES_OF = {
    OF_0003: SENTENCES,
    OF_0004: SENTENCES_OF_0004,
    OF_0005: SENTENCES_OF_0005,
    OF_0009: SENTENCES_OF_0009,
    OF_0014: SENTENCES_OF_0014,
    OF_0018: SENTENCES_OF_0018,
}


def test_the_history_of_then_is_told_in_the_words_of_then(books: World, old: OldBooks) -> None:
    for sentences in [said for books_of, said in SENTENCES_OF.items() if books_of.revision <= old.revision]:
        words = {reference: words_of(books, reference) for reference in sentences}
        assert [each for reference in sentences for each in sentences[reference] if each not in words[reference]] == []


def test_every_entry_of_every_history_has_its_words(books: World, old: OldBooks) -> None:
    """No entry falls back on keys, and none is in English where Spanish is asked for."""
    found = [
        (ref, w)
        for ref in agreements.list_references(books.engine, viewer=OPERATOR)
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
        *(("term", "corrected", "refused") if old in (OF_0014, OF_0018) else ()),
        *(("duty", "draft", "observation", "consultation", "note") if old == OF_0018 else ()),
    }
    assert [entry for entry in found if entry[1][0] == entry[1][1]] == []
    assert [entry for entry in found if "_" in entry[1][0] or "{" in entry[1][0]] == []


WENT_WRONG = [
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
]
TRIED_AGAIN = (
    "sergio",
    "retrying",
    "127.0.0.1:2525 rechazó el mensaje para sergio@chihuahua.example: 451 4.2.2 mailbox full",
    "127.0.0.1:2525 refused the message to sergio@chihuahua.example: 451 4.2.2 mailbox full",
)
"""It had left when the books of 0004 were closed."""


def test_what_went_wrong_then_is_told_in_both_languages(books: World, old: OldBooks) -> None:
    messages = [each for each in outbox.messages(books.engine, viewer=OPERATOR) if each.error is not None]
    told = [
        (each.recipient, each.state, say(each.error, "es"), say(each.error, "en")) for each in messages if each.error
    ]
    assert sorted(told) == sorted([*WENT_WRONG, TRIED_AGAIN] if old == OF_0003 else WENT_WRONG)


def test_the_outbox_of_then_is_listed(
    books: World, old: OldBooks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = books.runtime.settings
    assert settings.workflows_folder is not None
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", settings.database.url)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(old.folder / "people.toml"))
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(settings.workflows_folder))
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "es")
    monkeypatch.setenv("COLUMNS", "400")
    listed = twinflow(monkeypatch, capsys, "outbox", "list")
    assert listed.code == 0, listed.err
    in_one_line = " ".join(listed.out.replace("│", " ").split())
    assert "fue devuelto: 550 5.1.1 mailbox unknown" in in_one_line
    assert "rechazó el mensaje para rosa@registro.example" in in_one_line


def test_what_people_had_chosen_still_holds(books: World) -> None:
    assert opt_outs.switched_off(books.engine, "lucia") == {"agreement-registered"}
    kept = [(feed.person, feed.revoked_at is None) for feed in calendar_feeds.feeds(books.engine)]
    assert kept == [("elena", True), ("lucia", False)]


def test_the_change_that_waited_for_its_second_person_still_waits(books: World, old: OldBooks) -> None:
    lines = deadlines.list_deadlines(
        books.engine, books.rulebook, books.people, books.now, everything=True, viewer=OPERATOR
    ).lines
    assert {line.id: line.waiting for line in lines if line.waiting} == (
        {"MX-3/opinion/1": 1} if old == OF_0003 else {}
    )


def test_the_corrections_that_waited_for_their_second_person_still_wait(books: World, old: OldBooks) -> None:
    waiting = {}
    with UnitOfWork(books.engine, reading=True) as work:
        for reference in work.agreements.references(OPERATOR):
            found = pending(work.history.as_written(work.agreements.id_of(reference)))
            waiting |= {reference: {number: entry.actor for number, (entry, _) in found.items()}} if found else {}
    assert waiting == ({"P-10": {8: "elena"}, "P-12": {7: "elena"}} if old in (OF_0014, OF_0018) else {})


IN_HAND = {
    OF_0003: ("MX-1/first_programme/1", "the programme is being translated", "P-6/answer/1", date(2026, 3, 18)),
    OF_0004: ("P-7/answer/1", "the answer is being signed", "P-10/answer/1", date(2026, 5, 8)),
    OF_0005: ("P-10/answer/1", "the answer is being signed", "P-12/answer/1", date(2026, 7, 6)),
    OF_0009: ("P-13/answer/1", "the map is being drawn", "P-14/answer/1", date(2026, 9, 4)),
    OF_0014: ("P-17/answer/1", "the stalls are being counted", "P-18/answer/1", date(2026, 11, 6)),
    OF_0018: ("P-17/answer/1", "the stalls are being counted", "P-19/answer/1", date(2026, 12, 4)),
}
"""What Elena has acknowledged, with her note, and what she has snoozed, until when."""
UNDATED = {
    OF_0003: (27, "CU-21", "Falta la fecha"),
    OF_0004: (45, "CU-11", "Falta la fecha completa: solo se conoce 1997"),
    OF_0005: (52, "CU-11", "Falta la fecha completa: solo se conoce 1997"),
    OF_0009: (56, "CU-11", "Falta la fecha completa: solo se conoce 1997"),
    OF_0014: (64, "CU-11", "Falta la fecha completa: solo se conoce 1997"),
    OF_0018: (71, "CU-11", "Falta la fecha completa: solo se conoce 1997"),
}
"""How many agreements there are, one without a full date, and what is said of it."""


def test_every_page_and_list_of_then_is_shown(books: World, old: OldBooks) -> None:
    said = {
        line.id: line
        for line in deadlines.list_deadlines(
            books.engine, books.rulebook, books.people, books.now, viewer=OPERATOR
        ).lines
    }
    in_hand, note, held, until = IN_HAND[old]
    acknowledged = said[in_hand].acknowledged
    assert acknowledged is not None
    assert (acknowledged.by, acknowledged.note) == ("elena", note)
    (snooze,) = said[held].snoozed
    assert (snooze.by, snooze.until) == ("elena", until)
    count, reference, lack = UNDATED[old]
    every = agreements.each_agreement(
        books.engine, books.rulebook, books.people, books.now, Filters(everything=True), viewer=OPERATOR
    )
    lines = list(every)
    assert len(lines) == count
    (undated,) = [line for line in lines if line.reference == reference]
    assert [say(missing, "es") for missing in undated.missing] == [lack]


def test_what_is_of_then_is_found_and_listed_as_what_is_new(books: World) -> None:
    assert not_as_deadlines_say(books.engine) == []
    here = (books.engine, books.rulebook, books.people, books.now)
    (found,) = agreements.each_agreement(*here, Filters(words="cu-10 MEDELLÍN"), viewer=OPERATOR)
    assert found.reference == "CU-10"
    with UnitOfWork(books.engine, reading=True) as work:
        cases = work.agreements.load(work.agreements.all_ids(OPERATOR))
    words = {
        (case.reference, word)
        for case in cases
        for word in words_in([case.reference, case.title, *(party.name for party in case.parties)])
    }
    kept = text("SELECT reference, word FROM word JOIN agreement ON agreement.id = agreement_id")
    with books.engine.connect() as connection:
        assert {(reference, word) for reference, word in connection.execute(kept)} == words
    every = list(agreements.each_agreement(*here, Filters(everything=True), viewer=OPERATOR))
    assert [(line.next_on or date.max, line.reference) for line in every] == sorted(
        (c.next_on, c.reference) for c in cases
    )


HELD_ON = date(2026, 3, 20)
REACHED = {
    "EC-1": {"EC-1-P1": ["drafted", "agreed", "under_way", "reported"]},
    "MX-1": {"MX-1-M1": ["planned"], "MX-1-P1": ["drafted", "agreed", "under_way", "blocked"]},
    "MX-2": {
        "MX-2-M1": ["planned", "convened", "held", "took_place"],
        "MX-2-M2": ["planned", "convened"],
        "MX-2-R1": ["drafted", "submitted", "approved", "sent"],
    },
}
"""By 5 May 2026. `held` has been called `took_place` since the meetings were moved to their second version."""


def reached_of_children(world: World, parent: str) -> dict[str, dict[str, date]]:
    with UnitOfWork(world.engine, reading=True) as work:
        return {child.reference: dict(child.reached) for child in work.agreements.get(parent).children}


@pytest.mark.parametrize("kind", DATABASES)
def test_what_children_have_reached_is_read_from_their_histories_until_their_next_step(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with (
        restored(OF_0004, kind, tmp_path, request) as url,
        started(settings_of(OF_0004, url, tmp_path), OF_0004.closed_at + timedelta(days=1)) as world,
    ):
        kept = text("SELECT reference, reached FROM agreement WHERE reached IS NOT NULL")
        with world.engine.connect() as connection:
            assert connection.execute(kept).all() == []
        found = {parent: reached_of_children(world, parent) for parent in REACHED}
        assert {parent: {name: list(states) for name, states in found[parent].items()} for parent in found} == REACHED
        meeting = found["MX-2"]["MX-2-M1"]
        assert (meeting["held"], meeting["took_place"]) == (HELD_ON, HELD_ON)

        minutes = StepCommand("write_minutes", None, records={"minutes": "AC-1/26", "decisions": "a programme"})
        advance_agreement(
            world.engine, world.rulebook, world.people, "MX-2-M1", minutes, person="elena", door=AT_PAGE, now=world.now
        )
        with world.engine.connect() as connection:
            assert [reference for reference, _ in connection.execute(kept)] == ["MX-2-M1"]
        written = date(2026, 5, 6)
        assert reached_of_children(world, "MX-2")["MX-2-M1"] == {**meeting, "minutes_written": written}
        with UnitOfWork(world.engine, reading=True) as work:
            of_the_group = [each for each in work.agreements.get("MX-2").deadlines if each.rule == "working_group"]
        assert [(each.occurrence, each.status.value, each.closed_on) for each in of_the_group] == [
            (1, "met", HELD_ON),
            (2, "open", None),
        ]


def test_the_history_of_then_still_cannot_be_changed(books: World) -> None:
    statements = ["UPDATE history SET actor = 'nobody'", "DELETE FROM history"]
    if books.engine.dialect.name == "postgresql":
        statements.append("TRUNCATE history")
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), books.engine.begin() as connection:
            connection.execute(text(statement))


def test_the_upgrade_seals_them_and_nothing_is_found_in_them(books: World) -> None:
    found = checking.check(books.engine, books.rulebook, books.people, books.now)
    assert [str(each.sentence) for each in found.faults] == []
    with books.engine.connect() as connection:
        assert found.entries == connection.scalar(text("SELECT count(*) FROM history WHERE seal <> ''"))


def test_a_second_upgrade_changes_nothing_in_them(books: World) -> None:
    before = came(books.engine), database.revision(books.engine)
    database.upgrade(books.engine)
    assert (came(books.engine), database.revision(books.engine)) == before
