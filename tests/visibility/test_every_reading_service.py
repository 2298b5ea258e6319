"""There is no way to ask without a viewer: every service that reads cases takes one by name, and none has somebody in mind.

The services are found by walking them. One that only reads and has no place here fails: does it tell of cases?
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import twinflow.services

SERVICES = Path(next(iter(twinflow.services.__path__)))
OF_NO_CASE = {
    *("accounts.api_tokens.tokens", "accounts.letters.due", "accounts.passwords.look_at"),
    *("accounts.second_factors.factors_of", "accounts.second_factors.prove", "accounts.second_factors.renew_codes"),
    *("accounts.api_tokens.shown", "accounts.clearing.clear_away", "accounts.signing_in.signed_in"),
    *("accounts.signing_in.sessions", "alerts.opt_outs.choice", "alerts.opt_outs.switched_off", "health.last_passes"),
    *("clock.last_pass.look", "clock.last_pass.confirmations", "clock.last_pass.is_demonstration"),
    *("clock.links.last_link", "clock.links.head", "mail.calendar_feeds.feeds", "mail.calendar_feeds.reader"),
    *("mail.outbox.counts", "mail.received.return_key", "mail.restored_backup.held", "mail.restored_backup.waiting"),
    *("people.changing.rehearse", "people.changing.history", "books.backup.held"),
}
"""Tells of people, accounts, passes, backups or how many messages there are."""
OF_SOMEBODY = {"mail.calendar_feeds.dates_of", "people.queues.queue_of"}
"""Is asked by a person's key, and tells what that person sees or has in hand."""
OF_THE_CLOCK = {
    *("alerts.incidents.tell_incidents", "clock.sweep.sweep", "clock.simulating.foresee", "mail.letters.letters"),
    *("mail.bounces.take_report", "mail.received.waiting", "people.handing_over.left_behind"),
}
"""Is a part of a pass, and what it finds is told to those who see it."""
OF_ALL_BOOKS = {
    *("agreements.importing.import_register", "agreements.migrating.affected", "agreements.migrating.dry_run"),
    *("books.backup.back_up", "books.checking.check", "deadlines.calendar_editions.preview"),
}
"""Is the operator's: about the books as a whole."""


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(SERVICES.rglob("*.py")):
        module = ".".join(path.relative_to(SERVICES).with_suffix("").parts)
        for each in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
                yield f"{module}.{each.name}", each


def reads(name: str, function: ast.FunctionDef) -> bool:
    """Whether it asks the books, and is for reading or promises to write nothing."""
    asks = "engine" in {each.arg for each in function.args.args}
    promises = any(isinstance(each, ast.keyword) and each.arg == "reading" for each in ast.walk(function))
    return asks and (promises or name.startswith("reading."))


def test_every_service_that_reads_cases_takes_a_viewer_and_assumes_none() -> None:
    told = OF_NO_CASE | OF_SOMEBODY | OF_THE_CLOCK | OF_ALL_BOOKS
    found = {name: each for name, each in functions() if reads(name, each)}
    without = {name for name, each in found.items() if "viewer" not in {arg.arg for arg in each.args.kwonlyargs}}
    assert without == told
    assert len(found.keys() - without) > 15


def test_no_service_has_a_viewer_in_mind() -> None:
    for name, each in functions():
        given = dict(zip((arg.arg for arg in each.args.kwonlyargs), each.args.kw_defaults, strict=True))
        assert given.get("viewer") is None, name
        positional = each.args.args[len(each.args.args) - len(each.args.defaults) :]
        assert "viewer" not in {arg.arg for arg in positional}, name


def test_reading_services_ask_for_a_case_by_its_name_as_somebody() -> None:
    for path in sorted((SERVICES / "reading").glob("*.py")):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "work.agreements":
                assert each.attr not in {"get", "id_of", "lock"}, (path.name, each.lineno)
