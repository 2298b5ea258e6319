"""Steps by django-fsm-2 with one log row each, on SQLite: `peer_django_fsm.py FILE STEPS`; a round for each line it reads."""

import sys
from time import perf_counter

import django
from django.conf import settings

FILE, STEPS = sys.argv[1], int(sys.argv[2])
settings.configure(
    INSTALLED_APPS=["django_fsm"],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FILE,
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
                "transaction_mode": "IMMEDIATE",
            },
        }
    },
)
django.setup()

from django.db import connection, models, transaction  # noqa: E402 - only after the settings
from django.utils import timezone  # noqa: E402
from django_fsm import FSMField, transition  # noqa: E402


class Agreement(models.Model):  # noqa: DJ008 - nobody reads it
    state = FSMField(default="drafting")
    version = models.IntegerField(default=1)

    class Meta:
        app_label = "bench"

    @transition(field=state, source="drafting", target="drafted")
    def complete_draft(self) -> None: ...

    @transition(field=state, source="drafted", target="opinion_requested")
    def request_opinion(self) -> None: ...

    @transition(field=state, source="opinion_requested", target="drafting")
    def make_observations(self) -> None: ...


class History(models.Model):  # noqa: DJ008
    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE)
    step = models.TextField()
    from_state = models.TextField()
    to_state = models.TextField()
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta:
        app_label = "bench"


WAYS = ("complete_draft", "request_opinion", "make_observations")


def step(number: int, name: str) -> None:
    with transaction.atomic():
        agreement = Agreement.objects.get(pk=number)
        before = agreement.state
        getattr(agreement, name)()
        agreement.version += 1
        agreement.save(update_fields=["state", "version"])
        History.objects.create(
            agreement=agreement,
            step=name,
            from_state=before,
            to_state=agreement.state,
            actor="elena",
            at=timezone.now(),
        )


def main() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Agreement)
        editor.create_model(History)
    cases = STEPS // len(WAYS)
    Agreement.objects.bulk_create(Agreement() for _ in range(cases))
    for _ in sys.stdin:
        begin = perf_counter()
        for number in range(1, cases + 1):
            for name in WAYS:
                step(number, name)
        print(perf_counter() - begin, flush=True)


main()
