"""`twinflow tick | serve | worker | demo`: what runs by itself."""

import logging
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from twinflow import bootstrap
from twinflow import demo as demonstration
from twinflow.cli.bounces import mailbox_of, port_of
from twinflow.cli.confirming import say_held, say_rehearsal
from twinflow.cli.context import Cli, cli_of
from twinflow.cli.failing import EXIT_ENVIRONMENT
from twinflow.cli.foreseeing import print_foreseen
from twinflow.cli.options import Options
from twinflow.cli.options import instant as read_instant
from twinflow.cli.output import print_json
from twinflow.domain.people.viewer import OPERATOR
from twinflow.mail.inbox import capture_server
from twinflow.mail.loopback import LOOPBACK, listening_on
from twinflow.sentences import Sentence
from twinflow.services.clock.last_pass import is_demonstration
from twinflow.services.reading import agreements
from twinflow.worker import timetable
from twinflow.worker.passes import Pass, Worker


def tick(
    context: typer.Context,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="INSTANT",
            help="As of this instant, like 2026-11-20T09:00+00:00; of one to come, only shows what would happen.",
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """One pass: tell what is due and not told, take the steps that dates take, send what waits."""
    cli = cli_of(context)
    instant = _instant(at) if at else None
    runtime = cli.runtime
    if instant is not None and instant > cli.now() and not is_demonstration(runtime.engine):
        print_foreseen(cli, runtime, instant, json=json)
        return
    say_rehearsal(cli, runtime)
    done = _worker(runtime, lambda: instant or cli.now()).tick()
    cli.warn(done.returned.problems)
    cli.warn(done.clock)
    _print_pass(cli, done, runtime.troubles, json=json)
    if done.delivery.failures or done.sweep.problems or done.returned.failure is not None or runtime.troubles:
        raise typer.Exit(EXIT_ENVIRONMENT)


def _worker(
    runtime: bootstrap.Runtime, clock: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False
) -> Worker:
    return Worker(
        runtime.engine,
        lambda: runtime.rulebook,
        lambda: runtime.people,
        runtime.post,
        clock,
        mailbox=mailbox_of(runtime),
        refresh=runtime.refresh,
        stopping=stopping,
        longest_gap=runtime.settings.clock.longest_gap,
        damaged=runtime.troubles,
    )


def _instant(text: str) -> datetime:
    """An instant with its zone."""
    options = Options()
    instant = options.read("--at", text, read_instant)
    options.check()
    assert instant is not None
    return instant.astimezone(UTC)


def _print_pass(cli: Cli, done: Pass, troubles: tuple[Sentence, ...] = (), *, json: bool = False) -> None:
    """The troubles of the files stand in the JSON alone: the start has told them."""
    swept, delivery = done.sweep, done.delivery
    if json:
        print_json({"sweep": swept, "delivery": delivery, "clock": done.clock, "troubles": troubles}, cli.language)
        return
    values = {
        "alerts": swept.alerts,
        "moved": ", ".join(swept.lapsed) or "–",
        "sent": delivery.sent,
        "dropped": delivery.dropped,
        "waiting": delivery.waiting,
        "failed": delivery.undelivered,
    }
    print(
        cli.say(
            Sentence(
                "Alerts written: {alerts}; agreements moved by the calendar: {moved}; "
                "messages sent: {sent}, dropped: {dropped}, waiting: {waiting}, undelivered: {failed}.",
                values,
            )
        )
    )
    cli.warn((*(each.sentence for each in swept.problems), *delivery.failures))


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Pages only; sweeps and mail run elsewhere.")] = False,
) -> None:
    """Serve the pages on loopback, and sweep and send mail beside them."""
    cli = cli_of(context)
    runtime = cli.runtime
    with listening_on(port) as listener, runtime.in_use(cli.now()):
        print(cli.say(Sentence("Pages: {url}", {"url": f"http://{LOOPBACK}:{port}/"})))
        with nullcontext() if no_worker else _sweeping(cli, runtime):
            _serve_pages(runtime, listener)


def worker(context: typer.Context) -> None:
    """Sweep and send mail, without pages, until stopped."""
    cli = cli_of(context)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with cli.runtime.in_use(cli.now()), _sweeping(cli, cli.runtime):
        stopped.wait()


def demo(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
    once: Annotated[bool, typer.Option("--once", help="Do the main job, print it, and serve no pages.")] = False,
) -> None:
    """The real register of Cuenca and a worked case, captured mail, pages on loopback. Nothing leaves, nothing stays."""
    cli = cli_of(context)
    with tempfile.TemporaryDirectory(prefix="twinflow-demo-") as name, listening_on(port) as listener:
        folder = Path(name)
        smtp = listening_on(0)
        with capture_server(folder / "mail", smtp):
            runtime = bootstrap.start(demonstration.settings(folder, port, smtp.getsockname()[1], cli.language))
            try:
                _main_job(cli, runtime)
                if not once:
                    print(cli.say(Sentence("Pages: {url}", {"url": f"http://{LOOPBACK}:{port}/"})))
                    print(cli.text("Stop with Ctrl-C."), flush=True)
                    with _sweeping(cli, runtime):
                        _serve_pages(runtime, listener, is_demo=True)
            finally:
                runtime.engine.dispose()


def _main_job(cli: Cli, runtime: bootstrap.Runtime) -> None:
    """Import, sweep and deliver, and say what came of it."""
    for done in demonstration.fill(runtime, cli.now):
        values = {"register": done.register, "dossiers": done.dossiers, "earlier": done.earlier_generations}
        print(cli.say(Sentence("Imported {register}: dossiers: {dossiers}, earlier generations: {earlier}.", values)))
    worker = _worker(runtime, cli.now)
    for label in (cli.text("First pass:"), cli.text("Second pass:")):
        print(label, end=" ")
        _print_pass(cli, worker.tick())
    here = (runtime.engine, runtime.rulebook, runtime.people)
    lines = agreements.each_agreement(*here, cli.now(), viewer=OPERATOR)
    for line in (line for line in lines if line.next_on):
        stands = line.passed or line.assumed
        passed = f" ({cli.say(stands)})" if stands else ""
        print(f"  {line.reference}: {cli.say(line.next_label)}, {cli.day(line.next_on)}{passed}")


@contextmanager
def _sweeping(cli: Cli, runtime: bootstrap.Runtime) -> Iterator[None]:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    say_rehearsal(cli, runtime)
    say_held(cli, runtime)
    every = runtime.settings.clock
    stopping = threading.Event()
    worker = _worker(runtime, cli.now, stopping.is_set)

    jobs = ((every.sweep_every_minutes, worker.sweep), (every.send_every_minutes, worker.mail))
    with port_of(cli, runtime), timetable.running(jobs, cli.now):
        try:
            yield
        finally:
            stopping.set()


def _serve_pages(runtime: bootstrap.Runtime, listener: socket.socket, *, is_demo: bool = False) -> None:
    """Until Ctrl-C or SIGTERM, after which the command ends with 0 like any other that was told to stop."""
    import uvicorn  # noqa: PLC0415 - half a second that no other command should wait for

    from twinflow.web.app import create_app  # noqa: PLC0415 - the same

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config = uvicorn.Config(create_app(runtime, demo=is_demo), log_level="warning", access_log=False)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
