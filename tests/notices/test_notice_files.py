# ruff: noqa: E501
"""Mistakes in `notifications/` are found at start-up: all at once, each at its file, with what would be right."""

import shutil
from pathlib import Path

import pytest

from builders import NOTIFICATIONS, TINY, edited, write_workflows
from twinflow import files
from twinflow.config import Settings
from twinflow.definitions.notices import read_notices
from twinflow.domain.process.notices import BASE, BASE_FILES, BUILT_IN_NOTICES, LANGUAGES, NOTICE_FILES
from twinflow.errors import BadInput
from twinflow.mail.grammar import faults

TABLE = '[{key}]\nlabel = {{ en = "A", es = "B" }}\nbecause = {{ en = "C", es = "D" }}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(NOTIFICATIONS, tmp_path / "notifications")


def problems(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_notices(folder)
    return [str(problem) for problem in caught.value.problems]


def change(path: Path, *edits: tuple[str, str]) -> None:
    path.write_text(edited(path.read_text("utf-8"), *edits), "utf-8")


def add_table(folder: Path, key: str) -> None:
    with (folder / "notices.toml").open("a", encoding="utf-8") as file:
        file.write(TABLE.format(key=key))


def test_each_notice_is_read_with_its_label_and_because_of_what_it_comes(folder):
    notices = read_notices(folder)
    assert notices["deadline-soon"].label == {"en": "Deadline that comes near", "es": "Plazo próximo a vencer"}
    assert not notices["deadline-soon"].optional
    assert notices["agreement-renewed"].optional
    assert all(each.key == key and set(each.because) == {*LANGUAGES} for key, each in notices.items())
    assert set(BUILT_IN_NOTICES) < notices.keys()


@pytest.mark.parametrize("notice", [BASE, "your-turn", "undelivered"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_is_missing_or_empty_is_named(folder, notice, language):
    for file in BASE_FILES if notice == BASE else NOTICE_FILES:
        path = folder / notice / language / file
        kept = path.read_bytes()
        path.unlink()
        assert problems(folder) == [f"notifications/{notice}/{language}/{file}: this file is missing."]
        path.write_bytes(b" \n")
        assert problems(folder) == [f"notifications/{notice}/{language}/{file}: this file is empty; write the words."]
        path.write_bytes(kept)


def test_a_notice_missing_in_a_language_lacks_every_file_of_it(folder):
    shutil.rmtree(folder / "your-turn" / "es")
    assert problems(folder) == [
        f"notifications/your-turn/es/{file}: this file is missing." for file in ("body.html", "body.txt", "subject.txt")
    ]


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (("[your-turn]\n", "[yuor-turn]\n"), ["notices.toml: yuor-turn: the folder “yuor-turn” does not exist; did you mean “your-turn”?", "/your-turn: this folder has no table in notifications/notices.toml; add [your-turn]."]),
        (("[your-turn]\nlabel", "[your-turn]\nlabl"), ["notices.toml: your-turn.label: this key is missing.", "notices.toml: your-turn.labl: the key “labl” does not exist; did you mean “label”?"]),
        (("[agreement-ended]\n", "[agreement-ended]\nurgent = true\n"), ["notices.toml: agreement-ended.urgent: the key “urgent” does not exist; there are: because, label, optional."]),
        (('label = { en = "Your turn", es = "Le toca actuar" }', 'label = { en = "Your turn" }'), ["notices.toml: your-turn.label.es: this key is missing."]),
        (('label = { en = "Your turn", es = "Le toca actuar" }', 'label = { en = "Your turn", es = "" }'), ["notices.toml: your-turn.label.es: the text is empty; write one."]),
        (('label = { en = "Your turn", es = "Le toca actuar" }', 'label = "Your turn"'), ['notices.toml: your-turn.label: this is said in both languages: write { en = "Your turn", es = "…" } (found: "Your turn").']),
        (("[agreement-ended]\n", "[agreement-ended]\nbecause = 3\n"), ["notices.toml: line "]),
        (('optional = true\nbecause = { en = "It tells you that an agreement of yours has ended."', 'optional = "perhaps"\nbecause = { en = "It tells you that an agreement of yours has ended."'), ["notices.toml: agreement-ended.optional: true or false is expected, without quotes"]),
        (("[deadline-soon]\n", "[deadline-soon]\noptional = true\n"), ["notices.toml: deadline-soon.optional: nobody may switch off what twinflow warns of by itself"]),
        (("[deadline-soon]\n", "[deadline-soon\n"), ["notices.toml: not valid TOML"]),
    ],
)  # fmt: skip
def test_a_mistake_in_the_table_says_where_it_is_and_what_would_be_right(folder, edit, found):
    change(folder / "notices.toml", edit)
    told = problems(folder)
    assert len(told) == len(found)
    assert all(any(part in problem for problem in told) for part in found)


def test_a_folder_without_a_table_and_a_table_without_a_folder_are_told_with_everything_else(folder):
    shutil.copytree(folder / "your-turn", folder / "mine")
    (folder / "mine" / "en" / "body.txt").unlink()
    (folder / "mine" / "en" / "bdoy.txt").write_text("Hello.", "utf-8")
    add_table(folder, "theirs")
    assert problems(folder) == [
        "notifications/notices.toml: theirs: the folder “theirs” does not exist; there are: "
        + ", ".join(sorted(["mine", *read_notices(NOTIFICATIONS)]))
        + ".",
        "notifications/mine: this folder has no table in notifications/notices.toml; add [mine].",
        "notifications/mine/en/body.txt: this file is missing.",
        "notifications/mine/en/bdoy.txt: the file “en/bdoy.txt” does not exist; did you mean “en/body.txt”?",
    ]


def test_a_notice_that_twinflow_sends_by_itself_cannot_be_left_out(folder):
    shutil.rmtree(folder / "undelivered")
    text = (folder / "notices.toml").read_text("utf-8")
    before, after = text.index("[undelivered]"), text.index("[your-turn]")
    (folder / "notices.toml").write_text(text[:before] + text[after:], "utf-8")
    (problem,) = problems(folder)
    assert (
        problem
        == "notifications/notices.toml: the table [undelivered] is missing: twinflow sends this notice by itself."
    )


def test_a_folder_without_a_table_of_notices_is_refused(folder):
    (folder / "notices.toml").unlink()
    (problem,) = problems(folder)
    assert "notifications/notices.toml cannot be read" in problem


def test_what_is_hidden_is_no_notice(folder):
    (folder / ".git").mkdir()
    (folder / "your-turn" / "en" / ".body.txt.swp").write_text("x", "utf-8")
    assert read_notices(folder).keys() == read_notices(NOTIFICATIONS).keys()


def test_a_new_notice_may_be_announced_by_a_step(folder, tmp_path):
    shutil.copytree(folder / "your-turn", folder / "mine")
    add_table(folder, "mine")
    text = edited(TINY, ('notice = "opinion-requested"', 'notice = "mine"'))
    settings = Settings(workflows_folder=write_workflows(tmp_path / "workflows", text), notifications_folder=folder)
    assert files.prove(settings).notices["mine"].label == {"en": "A", "es": "B"}


# What a template may name


@pytest.mark.parametrize(
    ("notice", "file", "text", "found"),
    [
        ("your-turn", "body.txt", "{{ item.state }}\n{{ item.sate }}", "line 2: “sate” does not exist here; there are: effective_on,"),
        ("your-turn", "body.txt", "{{ item.deadline }}", "line 1: “deadline” does not exist here"),
        ("deadline-soon", "subject.txt", "{{ item.state }}", "line 1: “state” does not exist here"),
        ("undelivered", "body.txt", "{{ item.todo }}", "line 1: “todo” does not exist here"),
        ("your-turn", "body.txt", "{{ person.name }}", "line 1: “person” does not exist here; there are: item."),
        ("your-turn", "body.txt", "{{ item.effective_on }}", "line 1: a day is shown with its weekday: write “|day” behind it."),
        ("your-turn", "body.txt", "{{ item.state|day }}", "line 1: the filter “day” is not for this kind of value."),
        ("deadline-soon", "body.txt", "{{ item.due_on|days }}", "line 1: the filter “days” is not for this kind of value."),
        ("your-turn", "body.txt", "{{ item.todo }}", "line 1: this is no text and no number, so it cannot be shown."),
        ("your-turn", "body.txt", "{{ item }}", "line 1: this is no text and no number, so it cannot be shown."),
        ("your-turn", "body.txt", "{{ item.todo == 1 }}", "line 1: this is no text and no number, so it cannot be shown."),
        ("your-turn", "body.txt", "{{ item.state|upper }}", "line 1: the filter “upper” does not exist here; there are: business_days, day, days, join, length, lines."),
        ("your-turn", "body.txt", "{{ item.todo|join(item.state) }}", "line 1: the filter “join” is written without this."),
        ("your-turn", "body.txt", "{{ item.effective_on|day('en') }}", "line 1: the filter “day” is written without this."),
        ("your-turn", "body.txt", "\n\n{% if item.state %}x", "line 3: it cannot be read: Unexpected end of template."),
        ("your-turn", "body.txt", "{% for a in item.state %}{% endfor %}", "line 1: this is no list, so a loop cannot go through it."),
        ("your-turn", "body.txt", "{% for loop in item.todo %}{% endfor %}", "line 1: this kind of statement (For) has no place in a notice."),
        ("your-turn", "body.txt", "{{ item.state.name }}", "line 1: “name”: this has no parts."),
        ("your-turn", "body.txt", "{{ item.state[0] }}", "line 1: this is no list, so nothing in it has a number."),
        ("your-turn", "body.txt", "{{ item.state - 1 }}", "line 1: only numbers can be counted with."),
        ("your-turn", "body.txt", '{% include "_base/es/todo.txt" %}', "line 1: only these can be included here: _base/en/standing_in.txt, _base/en/todo.txt."),
        ("your-turn", "body.html", '{% include "_base/en/todo.txt" %}', "line 1: only these can be included here: _base/en/standing_in.html, _base/en/todo.html."),
        ("date-missing", "body.txt", '{% include "_base/en/todo.txt" %}', "line 1: the notice has no todo, which _base/en/todo.txt needs."),
        (BASE, "todo.txt", '{% include "_base/en/todo.txt" %}', "line 1: only these can be included here: –."),
        (BASE, "message.txt", '{% include "_base/en/todo.txt" %}', "line 1: only these can be included here: –."),
        (BASE, "message.txt", "{{ roles }}", "line 1: this is no text and no number"),
        (BASE, "message.txt", "{% for group in groups %}{{ group.items }}{% endfor %}", "line 1: this is no text and no number"),
        (BASE, "message.txt", "{{ items|length }}", "line 1: “items” does not exist here"),
        (BASE, "digest_subject.txt", "{{ groups[0].url }}", "line 1: “url” does not exist here; there are: reference, title."),
    ],
)  # fmt: skip
def test_a_template_may_name_only_what_its_notice_has(notice, file, text, found):
    ((line, mistake),) = faults(f"{notice}/en/{file}", text.encode())
    assert f"line {line}: {mistake}".startswith(found)


def test_start_up_tells_the_mistakes_of_processes_tables_files_and_templates_at_once(folder, tmp_path):
    (folder / "your-turn" / "es" / "subject.txt").write_text("{{ item.sate }} {{ x }}", "utf-8")
    (folder / "your-turn" / "es" / "body.txt").write_bytes(b"\xff")
    (folder / "undelivered" / "en" / "body.html").unlink()
    change(folder / "notices.toml", ('es = "Le toca actuar"', 'fr = "À vous"'))
    workflows = write_workflows(tmp_path / "workflows", edited(TINY, ('start = "open"', 'start = "opne"')))
    with pytest.raises(BadInput) as caught:
        files.prove(Settings(workflows_folder=workflows, notifications_folder=folder))
    assert [str(problem.place) for problem in caught.value.problems] == [
        "workflows/tiny.toml: process.start",
        "notifications/notices.toml: your-turn.label.es",
        "notifications/notices.toml: your-turn.label.fr",
        "notifications/undelivered/en/body.html",
        "notifications/your-turn/es/body.txt",
        "notifications/your-turn/es/subject.txt",
        "notifications/your-turn/es/subject.txt",
    ]


def test_mistakes_in_words_alone_stop_the_start_too(folder, tmp_path):
    (folder / "your-turn" / "es" / "subject.txt").write_text("{{ x }}", "utf-8")
    workflows = write_workflows(tmp_path / "workflows")
    with pytest.raises(BadInput, match="The notices have mistakes") as caught:
        files.prove(Settings(workflows_folder=workflows, notifications_folder=folder))
    assert len(caught.value.problems) == 1


def test_a_step_announces_no_notice_that_twinflow_sends_by_itself(tmp_path):
    text = edited(TINY, ('notice = "opinion-requested"', 'notice = "deadline-soon"'))
    with pytest.raises(BadInput) as caught:
        files.prove(Settings(workflows_folder=write_workflows(tmp_path / "workflows", text)))
    (problem,) = caught.value.problems
    assert "steps.ask.notices[1].notice: twinflow sends this notice by itself" in str(problem)
