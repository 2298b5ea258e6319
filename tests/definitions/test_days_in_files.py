# ruff: noqa: E501
"""What a process file says with `not_before` and `not_after`: each mistake at its place, and what `check` proves of the clock."""

import pytest

from builders import NOTIFICATIONS, write_workflows
from ending import ENDING, ending, mistakes
from twinflow.definitions.catalogue import read_rulebook
from twinflow.domain.process.comparison import compare
from twinflow.domain.process.in_words import requirement_message
from twinflow.errors import BadInput
from twinflow.language import say

COMPLETE = '{ name = "not_before", deadline = "notice_end" }'
PATH = "steps.complete.requires[1]"


def test_the_file_that_is_spoilt_below_has_no_mistake(tmp_path):
    assert mistakes(tmp_path) == []


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        ('{ name = "not_before", deadline = "notice_ends" }', f"{PATH}.deadline: the deadline “notice_ends” does not exist; did you mean “notice_end”?"),
        ('{ name = "not_after", fact = "meeting" }', f"{PATH}.fact: the fact “meeting” does not exist; did you mean “meeting_on”?"),
        ('{ name = "not_after", step = "conven" }', f"{PATH}.step: the step “conven” does not exist; did you mean “convene”?"),
        ('{ name = "not_before" }', f"{PATH}: name exactly one of deadline, fact and step."),
        ('{ name = "not_before", deadline = "notice_end", fact = "ends_on" }', f"{PATH}: name exactly one of deadline, fact and step."),
        ('{ name = "not_before", step = "denounce", at_least = "3 hours" }', f"{PATH}.at_least: “3 hours”: how far apart is written like 3 clear days, 5 business days, 6 weeks, 3 months or 5 years."),
        ('{ name = "not_before", step = "denounce", at_least = 3 }', f"{PATH}.at_least: “3”: how far apart is written like 3 clear days, 5 business days, 6 weeks, 3 months or 5 years."),
        ('{ name = "not_before", step = "denounce", at_least = "200 clear years" }', f"{PATH}.at_least: “200 clear years”: a length is at most a hundred years; what has no end is indefinite."),
        ('{ name = "not_before", step = "denounce", at_most = "3 days" }', f"{PATH}.at_most: the key “at_most” does not exist here."),
        ('{ name = "not_before", step = "complete" }', f"{PATH}.step: a step does not go by its own day; name an earlier one."),
        ('{ name = "not_before", fact = "number" }', f"{PATH}.fact: this fact is a text without a day; names of dates end in “_on”."),
        ('{ name = "not_after", fact = "closed_on" }', f"{PATH}.fact: no step records this fact, so its day never comes."),
        ('{ name = "not_after", fact = "completed_on" }', f"{PATH}.fact: this fact is the day of the step itself; name another one."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(tmp_path, requirement, problem):
    found = mistakes(
        tmp_path,
        ("[facts]", '[facts]\nnumber = { en = "N", es = "N" }\nclosed_on = { en = "C", es = "C" }\ncompleted_on = { en = "D", es = "D" }'),
        ('records = ["ends_on"]', 'records = ["ends_on", "number"]'),
        ('by = ["liaison", "clock"]', 'by = ["liaison", "clock"]\nday_as = "completed_on"'),
        (COMPLETE, requirement),
    )  # fmt: skip
    assert any(each.startswith(problem) for each in found), found


@pytest.mark.parametrize(
    "text", ["3 free days", "clear days", "0 clear days", "3 days clear", "-1 days", "2 hours", "", "3  clear days"]
)
def test_what_is_no_distance_says_how_one_is_written(tmp_path, text):
    (found,) = mistakes(
        tmp_path, ('step = "convene", at_least = "3 clear days"', f'step = "convene", at_least = "{text}"')
    )
    assert found == (
        f"steps.meet.requires[1].at_least: “{text}”: how far apart is written like 3 clear days, 5 business days, 6 weeks, 3 months or 5 years."
    )


@pytest.mark.parametrize(
    "text", ["1 day", "3 clear days", "1 clear business day", "10 business days", "2 clear weeks", "1 month", "5 years"]
)
def test_a_distance_is_read_as_it_is_written(tmp_path, text):
    process = ending(
        tmp_path, ('step = "convene", at_least = "3 clear days"', f'step = "convene", at_least = "{text}"')
    )
    assert str(process.steps["meet"].requires[0].at_least) == text


def test_all_mistakes_are_told_at_once(tmp_path):
    two = '{ name = "not_after", deadline = "notice" }, { name = "not_after", step = "nothing" }'
    meet = '{ name = "not_before", fact = "meeting_on" },'
    found = mistakes(tmp_path, (meet, f"{two},"))
    assert [each.partition(":")[0] for each in found] == [
        "steps.meet.requires[2].deadline",
        "steps.meet.requires[3].step",
    ]


def test_a_requirement_on_a_day_says_where_it_comes_from(tmp_path):
    edits = ((f'requires = [{COMPLETE}]\nsource = "test"', f"requires = [{COMPLETE}]"),)
    assert mistakes(tmp_path, *edits) == [
        f"{PATH}: nothing says where it comes from: give it a source, or the step one for all it requires."
    ]


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ('{ name = "not_before", deadline = "notice_end", at_least = "1 day" }', "not_before"),
        ('{ name = "not_after", deadline = "notice_end", at_least = "1 clear day" }', "not_after"),
        ('{ name = "not_before", deadline = "last_day_to_denounce" }', "not_before"),
        ('{ name = "not_after", fact = "meeting_on" }', "not_after"),
        ('{ name = "not_before", step = "denounce" }', "not_before"),
    ],
)
def test_the_clock_takes_its_step_on_the_day_of_its_deadline_and_by_no_other(tmp_path, requirement, name):
    assert (
        "deadlines.notice_end.on_lapse: the clock cannot rely on “complete”: it takes it on the day of this deadline, and the "
        f"step goes by another day ({name})." in mistakes(tmp_path, (COMPLETE, requirement))
    )


@pytest.mark.parametrize("name", ["not_before", "not_after"])
def test_the_due_date_itself_is_early_and_late_enough_for_the_clock(tmp_path, name):
    assert mistakes(tmp_path, (COMPLETE, f'{{ name = "{name}", deadline = "notice_end" }}')) == []


# days pass: what is waited for is reached, where it has a day at all

DISSOLVE = '[steps.dissolve]\nfrom = ["in_force"]'


def test_time_makes_no_state_unreachable(tmp_path):
    dissolve = '{ name = "not_before", step = "convene", at_least = "100 years", source = "a" }'
    assert mistakes(tmp_path, (DISSOLVE, f"{DISSOLVE}\nrequires = [{dissolve}]")) == []


def test_a_text_silent_on_its_term_leaves_no_way_to_an_end(tmp_path):
    """Unless the text says how long the notice is, nobody knows when the termination can be completed."""
    dissolve_later = (
        DISSOLVE,
        '[steps.dissolve]\nfrom = ["noticed"]\nrequires = [{ name = "not_before", deadline = "notice_end", source = "a" }]',
    )
    withdraw = (
        'to = "in_force"\nby = ["liaison"]\nlabel = { en = "Withdraw"',
        'to = "noticed"\nby = ["liaison"]\nlabel = { en = "Withdraw"',
    )
    met = ('met_by = ["withdraw"]\n', "")
    found = mistakes(tmp_path, dissolve_later, withdraw, met)
    assert any(
        "no way leads from here to an end; out of reach is then: a date of “notice_end”" in each for each in found
    ), found
    stated = ("[terms.notice_period]", '[terms.notice_period]\ndefault = "60 days"')
    assert mistakes(tmp_path, dissolve_later, withdraw, met, stated) == []


def test_a_case_may_not_wait_for_a_step_that_nobody_has_taken_or_a_day_that_nobody_gave(tmp_path):
    for requirement, what in [
        ('{ name = "not_before", step = "complete", source = "a" }', "“complete” before it"),
        ('{ name = "not_before", fact = "later_on", source = "a" }', "the day of “later_on”"),
        ('{ name = "not_before", deadline = "later", source = "a" }', "a date of “later”"),
    ]:
        found = mistakes(
            tmp_path,
            (DISSOLVE, f"{DISSOLVE}\nrequires = [{requirement}]"),
            ("[facts]", '[facts]\nlater_on = { en = "L", es = "L" }'),
            ("[deadlines.notice_end]", '[deadlines.later]\nruns_from = { step = "complete" }\nlength = "1 day"\nnature = "target"\nduty = false\nsource = "a"\nlabel = { en = "L", es = "L" }\n[deadlines.notice_end]'),
            ("[steps.complete]", '[steps.complete]\nrecords = ["later_on"]') if "fact" in requirement else ("[stages]", "[stages]"),
        )  # fmt: skip
        assert f"steps.dissolve.requires[1]: nobody can meet it: out of reach in the states that the step leaves is {what}." in found  # fmt: skip


def test_the_models_read_what_the_file_says(tmp_path):
    process = ending(tmp_path)
    (requirement,) = process.steps["convene"].requires
    assert (requirement.name, requirement.fact, str(requirement.at_least)) == (
        "not_after",
        "meeting_on",
        "3 clear days",
    )
    assert process.steps["complete"].requires[0].deadline == "notice_end"
    assert process.steps["meet"].requires[0].step == "convene"


# an overlay adds such requirements, and takes none away

NOTICE = ('length = { term = "notice_period" }', 'length = "60 days"')


def overlay(folder, text, *edits):
    """What is wrong with an overlay on the process, and the process that it makes if nothing is."""
    base = ENDING
    for old, new in edits:
        assert old in base
        base = base.replace(old, new, 1)
    write_workflows(folder, base, name="ending.toml")
    head = '[process]\nkey = "city"\nversion = 1\nextends = { process = "ending" }\nlabel = { en = "C", es = "C" }\n'
    (folder / "city.toml").write_text(head + text, "utf-8")
    try:
        return [], read_rulebook(folder, NOTIFICATIONS).catalogue.version("city", 1)
    except BadInput as error:
        return [str(problem).partition("city.toml: ")[2] for problem in error.problems], None


def test_an_overlay_adds_a_requirement_on_a_day_to_those_of_the_other_file(tmp_path):
    more = '{ name = "not_before", step = "denounce", at_least = "30 business days", source = "Bylaw, art. 1" }'
    found, city = overlay(
        tmp_path, f"[steps.withdraw]\nrequires = [{more}]\n[steps.denounce]\nrequires = [{DENOUNCE}]\n"
    )
    assert found == []
    assert [str(each.at_least) for each in city.steps["withdraw"].requires] == ["30 business days"]
    assert [each.name for each in city.steps["denounce"].requires] == ["not_after", "not_before"]


DENOUNCE = '{ name = "not_before", step = "convene", at_least = "1 clear week", source = "Bylaw, art. 2" }'


def test_an_overlay_gives_no_other_day_to_a_step_of_the_clock(tmp_path):
    found, _ = overlay(tmp_path, f"[steps.complete]\nrequires = [{DENOUNCE}]\n")
    assert "the clock cannot rely on “complete”" in found[0]


EASED = "of the process it rests on goes by this date ({name}), and would be eased; leave the length as it is."


def test_an_overlay_does_not_shorten_what_a_step_waits_for(tmp_path):
    found, _ = overlay(tmp_path, '[deadlines.notice_end]\nlength = "30 days"\n', NOTICE)
    assert found == [
        f"deadlines.notice_end.length: the step “Complete the termination” {EASED.format(name='not_before')}"
    ]
    assert overlay(tmp_path, '[deadlines.notice_end]\nlength = "60 days"\n', NOTICE)[0] == []


def test_an_overlay_does_not_bring_the_last_day_of_a_step_nearer_to_the_event(tmp_path):
    found, _ = overlay(tmp_path, '[deadlines.last_day_to_denounce]\nlength = "30 days"\n')
    assert found == [f"deadlines.last_day_to_denounce.length: the step “Denounce” {EASED.format(name='not_after')}"]


def test_an_overlay_shortens_what_ends_a_step_sooner_or_lets_it_wait_longer(tmp_path):
    by_then = ('{ name = "not_before", deadline', '{ name = "not_after", deadline')
    assert overlay(tmp_path, '[deadlines.notice_end]\nlength = "30 days"\n', NOTICE, by_then)[0] == []
    later = (
        '{ name = "not_after", deadline = "last_day_to_denounce" }',
        '{ name = "not_before", deadline = "last_day_to_denounce" }',
    )
    assert overlay(tmp_path, '[deadlines.last_day_to_denounce]\nlength = "30 days"\n', later)[0] == []


def test_what_is_counted_from_a_date_that_is_shortened_is_eased_with_it(tmp_path):
    follows = (
        "[deadlines.last_day_to_invite]",
        '[deadlines.month_after]\nruns_from = { deadline = "notice_end" }\nlength = "1 month"\nnature = "contractual"\nduty = false\nsource = "a"\nlabel = { en = "M", es = "M" }\n[deadlines.last_day_to_invite]',
    )
    plain = ('\nrequires = [{ name = "not_before", deadline = "notice_end" }]', "")
    waits = (DISSOLVE, f'{DISSOLVE}\nrequires = [{{ name = "not_before", deadline = "month_after", source = "a" }}]')
    found, _ = overlay(tmp_path, '[deadlines.notice_end]\nlength = "30 days"\n', NOTICE, plain, follows, waits)
    assert any(EASED.format(name="not_before") in each for each in found), found
    found, _ = overlay(tmp_path, '[deadlines.month_after]\nlength = "2 weeks"\n', NOTICE, plain, follows, waits)
    assert any(EASED.format(name="not_before") in each for each in found), found


# in words


@pytest.mark.parametrize(
    ("step", "number", "english", "spanish"),
    [
        ("complete", 0, "not before the date of “End of the notice”", "no antes de: la fecha de “Fin del preaviso”"),
        ("denounce", 0, "not after the date of “Last day to denounce”", "no después de: la fecha de “Último día para denunciar”"),
        ("convene", 0, "at least 3 clear days before “Day of the meeting”", "al menos 3 días completos antes de: “Día de la sesión”"),
        ("meet", 0, "at least 3 clear days after the day of the step “Convene”", "al menos 3 días completos después de: el día del paso “Convocar”"),
        ("meet", 1, "not before “Day of the meeting”", "no antes de: “Día de la sesión”"),
    ],
)  # fmt: skip
def test_a_requirement_on_a_day_in_words(tmp_path, step, number, english, spanish):
    process = ending(tmp_path)
    message = requirement_message(process.steps[step].requires[number], process)
    assert (say(message, "en"), say(message, "es")) == (english, spanish)


def test_what_differs_in_a_requirement_on_a_day_is_told(tmp_path):
    before = ending(tmp_path / "a")
    for old, new, words in [
        ('"3 clear days" },', '"4 clear days" },', "at least 4 clear days after the day of the step “Convene”"),
        ('"3 clear days" },', '"3 days" },', "at least 3 days after the day of the step “Convene”"),
        (
            'step = "convene", at_least',
            'step = "invite", at_least',
            "at least 3 clear days after the day of the step “Invite”",
        ),
        (
            'deadline = "last_day_to_invite"',
            'deadline = "last_day_to_denounce"',
            "not after the date of “Last day to denounce”",
        ),
    ]:
        found = [
            say(change.message, "en") for change in compare(before, ending(tmp_path / new.strip('"}, '), (old, new)))
        ]
        assert len(found) == 2, found
        assert any(each.startswith("Added: ") and words in each for each in found), found
