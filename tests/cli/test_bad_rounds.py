"""What cannot be done in a round is one clear answer, and nothing is on record of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders import AT_PAGE, DRAFT, new_case
from command_line import twinflow
from twinflow import clock
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.storage.unit_of_work import UnitOfWork
from world import EXAMPLES, World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
FAVOURABLE = ("agreements", "advance", "MX-1", "issue_favourable_opinion", "--set", "opinion_number=DEP-1/26")
UNFAVOURABLE = ("agreements", "advance", "MX-1", "issue_unfavourable_opinion", "--set", "opinion_number=DEP-1/26")
AS_RITA, AS_ELENA, AS_CLARA = ("--as", "rita"), ("--as", "elena"), ("--as", "clara")

Bad = dict[tuple[int, str], tuple[str, ...]]


def rounds(act: str, *arguments: str) -> tuple[str, ...]:
    return ("rounds", act, "MX-1", *arguments)


WITH_THE_MINISTRY: Bad = {
    (2, "--article: name the article that it is about"): rounds("observe", "--text", "It is missing.", *AS_RITA),
    (2, "--text: say it in words"): rounds("observe", "--article", "V", *AS_RITA),
    (1, "elena is not reviewer of the ministry here"): rounds("observe", "--article", "V", "--text", "x", *AS_ELENA),
    (2, "NUMBER: there is no number 9; there are: 1, 2"): rounds("close", "9", *AS_RITA),
    (1, "the round is with those who decide; wait for its end"): rounds("answer", "2", "--text", "x", *AS_ELENA),
    (1, "Observation 1 is closed."): rounds("close", "1", *AS_RITA),
    (1, "Observation 2 is open."): rounds("reopen", "2", "--text", "Say when.", *AS_RITA),
    (2, "--role: the role “mayor” does not exist; there are: counsel"): rounds(
        "consult", "--role", "mayor", "--text", "x", *AS_RITA
    ),
    (2, "--text: say it in words."): rounds("consult", "--role", "counsel", *AS_RITA),
    (1, "clara is not reviewer of the ministry here"): rounds("consult", "--role", "counsel", "--text", "x", *AS_CLARA),
    (1, "rita is not legal counsel of the ministry here"): rounds("give", "1", "--text", "It is.", *AS_RITA),
    (2, "NUMBER: there is no number 2; there are: 1"): rounds("give", "2", "--text", "It is.", *AS_CLARA),
    (1, "These observations are not closed: 2"): (*FAVOURABLE, *AS_RITA),
    (1, "0 of 1 consultations have their answer; missing: legal counsel of the ministry (consultation 1)"): (
        *FAVOURABLE,
        *AS_RITA,
    ),
    (1, "the round is with those who decide; wait for its end."): rounds("submit-draft", "--paper", "no. 2", *AS_ELENA),
    (2, "FILE: give the text of the draft (FILE), or the mark of the paper"): rounds("submit-draft", *AS_ELENA),
    (2, "--round: the round “opinon” does not exist; did you mean “opinion”?"): rounds(
        "note", "--text", "x", "--round", "opinon", *AS_RITA
    ),
}
SENT_BACK: Bad = {
    (1, "Observation 1 is closed."): rounds("answer", "1", "--text", "Added.", *AS_ELENA),
    (1, "no round is open"): rounds("observe", "--article", "V", "--text", "x", *AS_RITA),
    (1, "no round is open."): rounds("consult", "--role", "counsel", "--text", "x", *AS_RITA),
}
ANSWERED: Bad = {
    (1, "Consultation 1 has its answer already"): rounds("give", "1", "--text", "It is not.", *AS_CLARA),
}
DECIDED: Bad = {
    (1, "“Opinion: favourable” cannot be taken"): (*FAVOURABLE, *AS_RITA),
    (1, "“Opinion: unfavourable” cannot be taken"): (*UNFAVOURABLE, "--reason", "x", *AS_RITA),
    (1, "no round is open"): rounds("observe", "--article", "V", "--text", "x", *AS_RITA),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_done_in_a_round_is_one_clear_answer(
    make_world: Callable[..., World],
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    world = make_world()
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: world.now)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    new = new_case("MX-1", "mx/twinning", "chihuahua", "A", world.now.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)

    def take(step: str, person: str, **records: str) -> None:
        command = StepCommand(step, world.now.date(), records=records)
        here = (world.engine, world.rulebook, world.people, "MX-1", command)
        advance_agreement(*here, person=person, door=AT_PAGE, now=world.now)

    def each_is_refused(bad: Bad) -> None:
        for (code, said), command in bad.items():
            before = written(world)
            ran = twinflow(monkeypatch, capsys, *command)
            assert (ran.code, ran.out) == (code, ""), ran
            assert said in ran.err, ran
            assert ran.err.count("\n  - ") == len([each for each in bad if bad[each] == command]), ran
            assert written(world) == before, command

    take("complete_draft", "elena", **DRAFT)
    take("request_opinion", "elena")
    for article in ("V", "XIII"):
        world.act("MX-1", RoundAct.OBSERVE, "rita", article=article, text="Say when.")
    world.act("MX-1", RoundAct.CONSULT, "rita", role="counsel", text="Is XIII in order?")
    world.act("MX-1", RoundAct.CLOSE, "rita", number=1)
    each_is_refused(WITH_THE_MINISTRY)
    take("make_observations", "rita")
    each_is_refused(SENT_BACK)
    world.act("MX-1", RoundAct.ANSWER, "elena", number=2, text="In May.")
    take("answer_observations", "elena")
    world.act("MX-1", RoundAct.CLOSE, "rita", number=2)
    world.act("MX-1", RoundAct.GIVE, "clara", number=1, text="It is.")
    each_is_refused(ANSWERED)
    take("issue_favourable_opinion", "rita", opinion_number="DEP-1/26")
    each_is_refused(DECIDED)


def written(world: World) -> int:
    with UnitOfWork(world.engine, reading=True) as work:
        return len(work.history.as_written(work.agreements.id_of("MX-1")))
