"""An overlay adds to the process it rests on and tightens it; what would loosen it is refused, with its place."""

from pathlib import Path

import pytest

from builders import NOTIFICATIONS, TINY, edited, write_workflows
from twinflow.definitions.catalogue import read_rulebook
from twinflow.domain.calendar.dates import Length
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import BadInput

NATIONAL = edited(
    TINY,
    ('label = { en = "Ask", es = "Pedir" }', 'source = "Act, art. 1"\nlabel = { en = "Ask", es = "Pedir" }'),
    (
        "[stages]",
        (
            '[terms.validity]\ndefault = "5 years"\nat_most = "5 years"\nsource = "Act, art. 3"\n'
            'label = { en = "Validity", es = "Vigencia" }\n'
            '[gates.asking]\nthrough = ["ask"]\nto = ["done"]\nsource = "Act, art. 1"\n'
            'label = { en = "Asked before it is done", es = "Pedido antes de hecho" }\n[stages]'
        ),
    ),
)
"""The tiny process with a term and a gate: what is done has been asked."""

HEAD = """
[process]
key = "city"
version = 1
extends = { process = "tiny" }
label = { en = "City", es = "Ciudad" }
"""

COUNCIL = """
[roles.council]
office = "municipality"
label = { en = "council", es = "cabildo" }
[states.before_council]
stage = "work"
waits_for = "council"
label = { en = "Before the council", es = "Ante el cabildo" }
[steps.submit]
from = ["asked"]
to = "before_council"
by = ["liaison"]
label = { en = "Submit to the council", es = "Turnar al cabildo" }
[steps.finish]
from = ["before_council"]
by = ["council"]
"""


def read(tmp_path: Path, overlay: str, national: str = NATIONAL) -> ProcessDefinition:
    folder = write_workflows(tmp_path, national)
    (folder / "city.toml").write_text(overlay, "utf-8")
    return read_rulebook(folder, NOTIFICATIONS).catalogue.version("city", 1)


def mistakes(tmp_path: Path, overlay: str, national: str = NATIONAL) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, overlay, national)
    return [str(problem).removeprefix(f"{tmp_path.name}/") for problem in caught.value.problems]


def test_what_an_overlay_adds_stands_beside_what_it_takes_over(tmp_path):
    city = read(tmp_path, HEAD + COUNCIL)
    assert list(city.states) == ["open", "asked", "done", "before_council"]
    assert city.steps["finish"].sources == {"before_council"}
    assert city.steps["finish"].by == {"council"}
    assert city.steps["finish"].requires[0].fact == "asked_on"
    assert city.label["en"] == "City"
    assert (city.kind, city.time_zone, city.calendars) == ("twinning", "America/Mexico_City", ("mx-labour",))
    assert city.extends == ("tiny", 1)


def test_requirements_records_and_notices_are_added_to(tmp_path):
    city = read(
        tmp_path,
        HEAD
        + """
[facts]
number = { en = "Number", es = "Número" }
[steps.ask]
records = ["number"]
notices = [{ notice = "approval-requested", to = ["liaison"] }]
[steps.finish]
source = "Bylaw, art. 4"
requires = [{ name = "fact", fact = "number" }]
""",
    )
    assert [one.notice for one in city.steps["ask"].announcements] == ["opinion-requested", "approval-requested"]
    assert city.steps["ask"].records == ("number",)
    assert [one.fact for one in city.steps["finish"].requires] == ["asked_on", "number"]


def test_a_shorter_limit_and_more_warnings_are_taken(tmp_path):
    city = read(
        tmp_path,
        HEAD + '[deadlines.answer]\nlength = "1 week"\nwarn = ["1 day before", "1 day after"]\n'
        '[terms.validity]\nat_most = "36 months"\ndefault = "3 years"\n',
    )
    assert city.deadlines["answer"].length == Length.parse("1 week")
    assert city.terms["validity"].at_most == Length.parse("36 months")
    assert city.deadlines["answer"].source == {"en": "test", "es": "test"}


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        (
            '[deadlines.answer]\nlength = "11 days"\n',
            (
                "city.toml: deadlines.answer.length: 11 days is longer than the 10 days of the process it rests on; "
                "an overlay may only shorten it."
            ),
        ),
        (
            '[deadlines.answer]\nlength = "2 weeks"\n',
            (
                "city.toml: deadlines.answer.length: 2 weeks is longer than the 10 days of the process it rests on; "
                "an overlay may only shorten it."
            ),
        ),
        (
            '[deadlines.answer]\nlength = "5 business days"\n',
            (
                "city.toml: deadlines.answer.length: 5 business days is longer than the 10 days of the process it rests on; "
                "an overlay may only shorten it."
            ),
        ),
        (
            '[deadlines.answer]\nlength = { term = "validity" }\n',
            "city.toml: deadlines.answer.length: the other process takes it from the text or the fact itself; leave it out.",
        ),
        (
            '[terms.validity]\nat_most = "6 years"\n',
            (
                "city.toml: terms.validity.at_most: 6 years is longer than the 5 years of the process it rests on; "
                "an overlay may only shorten it."
            ),
        ),
        (
            '[deadlines.answer]\ncalendars = ["ec-public"]\n',
            (
                "city.toml: deadlines.answer.calendars: an overlay does not change this of the process it rests on; it may "
                "change: escalate, label, length, note, very_overdue, warn."
            ),
        ),
        (
            '[deadlines.answer]\nnature = "target"\nmet_by = ["ask"]\n',
            (
                "city.toml: deadlines.answer.met_by: an overlay does not change this of the process it rests on; it may change: "
                "escalate, label, length, note, very_overdue, warn.|"
                "city.toml: deadlines.answer.nature: an overlay does not change this of the process it rests on; it may change: "
                "escalate, label, length, note, very_overdue, warn."
            ),
        ),
        (
            '[steps.ask]\nby = ["clock"]\n',
            (
                "city.toml: steps.ask.by: an overlay does not change this of the process it rests on; it may change: "
                "label, notices, records, requires."
            ),
        ),
        (
            "[states.done]\nfinal = false\n",
            (
                "city.toml: states.done.final: an overlay does not change this of the process it rests on; it may change: "
                "label, phase, stage, waits_for."
            ),
        ),
        (
            '[gates.asking]\nthrough = ["finish"]\n',
            "city.toml: gates.asking.through: an overlay changes nothing of it.",
        ),
        (
            '[roles.liaison]\noffice = "ministry"\n',
            (
                "city.toml: roles.liaison.office: an overlay does not change this of the process it rests on; it may change: "
                "label."
            ),
        ),
    ],
)
def test_what_loosens_or_rewrites_the_other_process_is_refused_at_its_place(tmp_path, overlay, expected):
    assert mistakes(tmp_path, HEAD + overlay) == expected.split("|")


def test_a_way_around_the_gate_is_named_step_by_step(tmp_path):
    overlay = (
        HEAD
        + """
[steps.skip]
from = ["open"]
to = "asked"
by = ["liaison"]
records = ["asked_on"]
label = { en = "Skip", es = "Saltar" }
"""
    )
    (found,) = mistakes(tmp_path, overlay)
    assert found.startswith("city.toml: gates.asking")
    assert "skip" in found


@pytest.mark.parametrize(
    ("extends", "expected"),
    [
        (
            '{ process = "tinny" }',
            "city.toml: process.extends: the process “tinny” does not exist; did you mean “tiny”?",
        ),
        (
            '{ process = "nothing" }',
            "city.toml: process.extends: the process “nothing” does not exist; there are: tiny.",
        ),
        (
            '{ process = "tiny", version = 2 }',
            "city.toml: process.extends: there is no version 2 of tiny to rest on; there are: 1.",
        ),
        ('{ process = "city" }', "city.toml: process.extends: it rests on itself."),
        (
            '{ process = "../tiny" }',
            (
                "city.toml: process.extends: process: “../tiny”: write small letters, digits and hyphens, beginning with "
                "a letter, and one slash at most."
            ),
        ),
    ],
)
def test_what_it_rests_on_has_to_be_there(tmp_path, extends, expected):
    assert mistakes(tmp_path, HEAD.replace('{ process = "tiny" }', extends)) == [expected]


def test_two_overlays_that_rest_on_each_other_are_refused(tmp_path):
    folder = write_workflows(tmp_path, HEAD.replace('"tiny"', '"other"'), name="city.toml")
    (folder / "other.toml").write_text(HEAD.replace('"city"', '"other"').replace('"tiny"', '"city"'), "utf-8")
    with pytest.raises(BadInput) as caught:
        read_rulebook(folder, NOTIFICATIONS)
    assert len(caught.value.problems) == 2


def test_a_mistake_in_the_other_process_is_told_there_and_named_here(tmp_path):
    found = mistakes(tmp_path, HEAD, NATIONAL.replace('stage = "work"', "stage = 7", 1))
    assert found == [
        "city.toml: process.extends: the process it rests on has mistakes: tiny.toml.",
        "tiny.toml: states.open.stage: a text in quotes is expected (found: 7).",
    ]


def test_an_overlay_is_another_content_when_what_it_rests_on_changes(tmp_path):
    before = read(tmp_path / "a", HEAD)
    after = read(tmp_path / "b", HEAD, edited(NATIONAL, ('"10 days"', '"9 days"')))
    assert before.digest != after.digest
    assert NATIONAL in before.text


def test_more_days_off_for_the_whole_process_do_not_lengthen_what_the_law_counts(tmp_path):
    overlay = HEAD.replace("version = 1\n", 'version = 1\ncalendars = ["ec-public"]\n', 1)
    assert mistakes(tmp_path, overlay) == [
        "city.toml: deadlines.answer.calendars: what the law counts is not counted by other calendars."
    ]


SIGNED = edited(
    NATIONAL,
    (
        "[states.done]",
        ('[states.signed]\nstage = "work"\nsigned = true\nwaits_for = "liaison"\n'
        'label = { en = "Signed", es = "Firmado" }\n[states.done]'),
    ),
    (
        "[steps.finish]",
        ('[steps.sign]\nfrom = ["asked"]\nto = [{ when = "all_signed", state = "signed" }, { state = "asked" }]\n'
        'by = ["liaison"]\n'
        'per_party = "signature"\neffect = "sign_text"\nsource = "Act, art. 5"\n'
        'requires = [{ name = "date_known", fact = "asked_on" }]\nlabel = { en = "Sign", es = "Firmar" }\n'
        '[steps.close]\nfrom = ["signed"]\nto = "done"\nby = ["liaison"]\n'
        'label = { en = "Close", es = "Cerrar" }\n[steps.finish]'),
    ),
    ("asked_on = { en", 'signed_on = { en = "Signed on", es = "Firmado el" }\nasked_on = { en'),
)  # fmt: skip
"""The same, with a text that both parties sign."""


def test_the_way_in_which_a_text_is_signed_stays(tmp_path):
    assert mistakes(tmp_path, HEAD + '[steps.sign]\nto = "signed"\n', SIGNED) == [
        (
            "city.toml: steps.sign.to: an overlay does not change this of the process it rests on; it may change: "
            "by, from, label, notices, reason, records, requires, source, stands."
        )
    ]


def test_another_way_to_sign_asks_for_as_much_and_for_every_party(tmp_path):
    alone = (
        '[steps.sign_alone]\nfrom = ["asked"]\nto = "signed"\nby = ["liaison"]\nper_party = "signature"\n'
        'label = { en = "Sign alone", es = "Firmar" }\n'
    )
    assert mistakes(tmp_path / "a", HEAD + alone, SIGNED) == [
        "city.toml: steps.sign_alone.requires: it does what “Sign” does, so it has to require what that one requires."
    ]
    asking = alone + 'source = "Bylaw"\nrequires = [{ name = "date_known", fact = "asked_on" }]\n'
    found = mistakes(tmp_path / "b", HEAD + asking, SIGNED)
    assert any(
        each.startswith(
            "city.toml: states.signed: signed = true says that every party has signed, but ask → sign_alone leads"
        )
        for each in found
    )


def test_what_the_clock_does_it_goes_on_doing_from_every_state(tmp_path):
    national = edited(
        SIGNED,
        (
            "[deadlines.answer]",
            (
                '[steps.expire]\nfrom = ["asked", "signed"]\nto = "done"\nby = ["clock"]\neffect = "end_term"\n'
                'label = { en = "Expire", es = "Vencer" }\n[deadlines.end]\nruns_from = { step = "ask" }\nlength = "1 year"\n'
                'nature = "legal"\nroll = "none"\non_lapse = "expire"\nwarn = ["1 day before"]\nsource = "Act, art. 6"\n'
                'label = { en = "End", es = "Fin" }\n[deadlines.answer]'
            ),
        ),
        ("signed_on = { en", 'ended_on = { en = "End", es = "Fin" }\nsigned_on = { en'),
    )
    assert mistakes(tmp_path, HEAD + '[steps.expire]\nfrom = ["signed"]\n', national) == [
        "city.toml: steps.expire.from: the clock takes it from these states too: Asked."
    ]


TERM = edited(
    NATIONAL,
    (
        "[deadlines.answer]",
        """[steps.expire]
from = ["asked"]
to = "done"
by = ["clock"]
label = { en = "Expire", es = "Vencer" }
[deadlines.end]
runs_from = { step = "ask" }
length = "1 year"
nature = "legal"
roll = "none"
article = "Act, art. 6"
met_by = ["finish"]
while_in = ["asked"]
on_lapse = "expire"
source = "Act, art. 6"
label = { en = "End", es = "Fin" }
[deadlines.answer]""",
    ),
)
ASLEEP = (
    HEAD
    + """
[states.asleep]
stage = "work"
waits_for = "liaison"
label = { en = "Asleep", es = "Dormido" }
[steps.sleep]
from = ["asked"]
to = "asleep"
by = ["liaison"]
label = { en = "Sleep", es = "Dormir" }
[steps.wake]
from = ["asleep"]
to = "asked"
by = ["liaison"]
label = { en = "Wake", es = "Despertar" }
"""
)
ENDS_ASLEEP = """
[steps.expire_asleep]
from = ["asleep"]
to = "done"
by = ["clock"]
label = { en = "Expire asleep", es = "Vencer dormido" }
[deadlines.end]
while_in = ["asleep"]
"""


def test_an_overlay_adds_the_states_that_a_deadline_runs_in_and_the_step_that_follows_there(tmp_path):
    city = read(tmp_path, ASLEEP + ENDS_ASLEEP + 'on_lapse = "expire_asleep"\n', TERM)
    assert city.deadlines["end"].on_lapse == ("expire", "expire_asleep")
    assert city.deadlines["end"].while_in == {"asked", "asleep"}


def test_what_the_clock_does_in_the_states_of_the_other_file_stays(tmp_path):
    renews = ENDS_ASLEEP.replace('from = ["asleep"]\nto = "done"', 'from = ["asleep", "asked"]\nto = "asked"')
    city = read(tmp_path, ASLEEP + renews + 'on_lapse = ["expire_asleep"]\n', TERM)
    asked, asleep = (city.step_of_lapse(city.deadlines["end"], state) for state in ("asked", "asleep"))
    assert (asked and asked.key, asleep and asleep.key) == ("expire", "expire_asleep")


def test_a_state_of_its_own_in_which_the_deadline_can_pass_without_a_step_is_told(tmp_path):
    national = TERM.replace('while_in = ["asked"]\n', "")
    assert mistakes(tmp_path, ASLEEP, national) == [
        (
            "city.toml: deadlines.end.on_lapse: where it ends in “asleep” the clock takes no step: none of expire leaves that "
            "state. A case comes there by: ask → sleep."
        )
    ]


def test_an_overlay_makes_no_duty_lapse_and_lets_none_run_in_fewer_states(tmp_path):
    easier = HEAD + '[deadlines.answer]\non_lapse = "finish"\nwhile_in = ["asked"]\n'
    found = mistakes(tmp_path, easier)
    assert [each.partition(": an overlay")[0] for each in found] == [
        "city.toml: deadlines.answer.on_lapse",
        "city.toml: deadlines.answer.while_in",
    ]
