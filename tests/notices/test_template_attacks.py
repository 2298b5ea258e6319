"""Templates that try to run code, and names that try to be templates, headers, markup or other text: all of it harmless.

The payloads are those of the public collections on server-side template injection in Jinja and its like, and of the sandbox's
own history of advisories (str.format, format_map, the attr filter, indirect calls).
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from jinja2 import TemplateError, TemplateSyntaxError
from notice_letters import NOTICES, WORDS, group, item, letter, message, rendered

from builders import NOTIFICATIONS
from twinflow.domain.mail.letter import Letter, LetterGroup, LetterItem
from twinflow.domain.people.people import Person
from twinflow.domain.process.notices import BASE, BASE_FILES
from twinflow.mail.compose import Composer
from twinflow.mail.grammar import MAX_BYTES, faults
from twinflow.mail.words import Words, check_words

ESCAPES = (
    # to the classes of Python, and from there to everything
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''.__class__.__base__.__subclasses__()[59].__init__.__globals__ }}",
    "{{ [].__class__.__base__.__subclasses__() }}",
    "{{ {}.__class__.__bases__[0].__subclasses__() }}",
    "{{ ().__class__.__bases__[0].__subclasses__()[40]('/etc/passwd').read() }}",
    "{{ item.__class__ }}",
    "{{ item.__class__.__mro__[-1] }}",
    "{{ item.__init__.__globals__['os'].popen('id').read() }}",
    "{{ item['__class__'] }}",
    "{{ item['__cla' ~ 'ss__'] }}",
    "{{ item['__cla' 'ss__'] }}",
    "{{ item['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ item.state.__class__ }}",
    "{{ item.state['__class__'] }}",
    "{{ item.state.__len__() }}",
    "{{ item.state.__doc__ }}",
    "{{ item.todo.__class__.__mro__ }}",
    "{{ item.effective_on.__class__ }}",
    "{{ item.effective_on.__reduce_ex__(2) }}",
    "{{ self.__init__.__globals__.__builtins__ }}",
    "{{ self.__dict__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ __import__('os').system('id') }}",
    "{{ __builtins__ }}",
    "{{ environment }}",
    "{{ context }}",
    "{{ context.environment.globals }}",
    # what Jinja, Flask and others put into every template
    "{{ config }}",
    "{{ config.items() }}",
    "{{ config.__class__.__init__.__globals__['os'].popen('id').read() }}",
    "{{ config.from_pyfile('/tmp/evil.cfg') }}",
    "{{ request }}",
    "{{ request.application.__globals__.__builtins__.__import__('os').popen('id').read() }}",
    "{{ request['application']['\\x5f\\x5fglobals\\x5f\\x5f'] }}",
    "{{ request|attr('application')|attr('__globals__') }}",
    "{{ url_for.__globals__['current_app'].config }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ g.pop.__globals__.__builtins__ }}",
    "{{ session }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os.popen('id').read() }}",
    "{{ namespace.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ lipsum() }}",
    "{{ lipsum.__globals__ }}",
    "{{ dict(__class__=1) }}",
    "{{ dict.__base__ }}",
    "{% set ns = namespace(a=item.__class__) %}{{ ns.a }}",
    "{{ cycler('a', 'b').next() }}",
    "{{ joiner(', ')() }}",
    # filters and tests that reach attributes or call things
    "{{ ''|attr('__class__') }}",
    "{{ item.state|attr('__class__')|attr('__mro__') }}",
    "{{ item|attr(['__cla', 'ss__']|join) }}",
    "{{ ['__class__']|map('attr', 'x')|list }}",
    "{{ [item]|map(attribute='__class__')|list }}",
    "{{ [item]|groupby('__class__') }}",
    "{{ [item]|sort(attribute='__class__.__name__') }}",
    "{{ [item]|selectattr('__class__')|list }}",
    "{{ item|xmlattr }}",
    "{{ item|pprint }}",
    "{{ item|tojson }}",
    "{{ '%s'|format(item) }}",
    "{{ item.state|safe }}",
    "{{ '<script>alert(1)</script>'|safe }}",
    "{{ item is callable }}",
    "{{ item is defined }}",
    "{{ 1 is filter('x') }}",
    # str.format, which walks attributes on its own
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(item) }}",
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ ('{0.__cla' ~ 'ss__}').format(item) }}",
    "{{ item.state.format(item) }}",
    "{{ ''.join.__self__ }}",
    "{{ '%(a)s' % item }}",
    "{{ 'x'.encode().decode('unicode_escape') }}",
    "{{ [''.format]|map('call', item)|list }}",
    "{{ item.todo.append(1) }}",
    "{{ item.update({'a': 1}) }}",
    "{{ item.pop('state') }}",
    "{{ item.get('state') }}",
    # other files
    "{% include '/etc/passwd' %}",
    "{% include '../../../etc/passwd' %}",
    "{% include ['/etc/passwd', 'x'] %}",
    "{% include item.state %}",
    "{% include '_base/en/message.txt' %}",
    "{% include 'your-turn/en/body.txt' %}",
    "{% include '_base/en/todo.txt' ignore missing %}",
    "{% include '_base/en/todo.txt' without context %}",
    "{% import 'your-turn/en/body.txt' as x %}{{ x }}",
    "{% from '_base/en/todo.txt' import x %}",
    "{% extends '_base/en/message.txt' %}",
    "{% extends item.state %}",
    # statements
    "{% set x = 1 %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m.__class__ }}",
    "{% call m() %}{% endcall %}",
    "{% block x %}{{ self.x() }}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = item.__class__ %}{{ a }}{% endwith %}",
    "{% autoescape false %}{{ item.state }}{% endautoescape %}",
    "{% for c in ''.__class__.__mro__[1].__subclasses__() %}{{ c }}{% endfor %}",
    "{% for x in item.todo recursive %}{{ loop(item.todo) }}{% endfor %}",
    "{% for x in item.todo %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in item.todo if x.__class__ %}{% endfor %}",
    "{% for k, v in item.items() %}{{ k }}{% endfor %}",
    "{% if ''.__class__ %}x{% endif %}",
    "{% print(item.__class__) %}",
    "{% do item.clear() %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{% raw %}{% endraw %}{{ x }}",
    "{% endif %}",
    "{{",
    "{% %}",
    "{{ }}",
)
BOMBS = (
    "{{ 'a' * 10 ** 10 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 2 ** 999999999 }}",
    "{{ 9 // 0 }}",
    "{{ item.state * 999999999 }}",
    "{{ [0] * 999999999 }}",
    "{{ 'a'.ljust(10 ** 10) }}",
    "{{ '%9999999999d' % 1 }}",
    "{{ '{:9999999999}'.format(1) }}",
    "{{ 'x'|center(9999999999) }}",
    "{{ 'x'|indent(9999999999) }}",
    "{{ range(10 ** 9)|list }}",
    "{% for i in range(10 ** 9) %}x{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for a in 'xxxx' %}{% for b in 'xxxx' %}x{% endfor %}{% endfor %}",
    "{% for a in item.todo %}" * 4 + "x" + "{% endfor %}" * 4,
    "{% if item.state %}" * 60 + "x" + "{% endif %}" * 60,
    "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    "{{ " + "-" * 5_000 + "1 }}",
    "{{ " + "not " * 2_000 + "1 }}",
    "{{ item.state" + "|lines|join('')" * 900 + " }}",
    "{{ item" + ".a" * 5_000 + " }}",
    "{{ " + "1 - " * 3_000 + "1 }}",
    "{{ " + "9" * 5_000 + " }}",
    "{{ lipsum(n=1000000) }}",
    "x" * (MAX_BYTES + 1),
)
OTHERS = (
    "${7*7}", "#{7*7}", "<%= 7*7 %>", "${{7*7}}", "{7*7}", "*{7*7}", "@(7*7)", "%{7*7}", "#set($x=7*7)$x", "{php}echo 7*7;{/php}",
    "${T(java.lang.Runtime).getRuntime().exec('id')}", "{{constructor.constructor('alert(1)')()}}", '{{#with "s"}}{{/with}}',
    "{0.__class__}", "%(a)s %s %n", "{name}", "$name ${name}", "__${...}__", "{% raw %}", "{# hidden #}", "-}}", "{%- -%}",
    "## x",
)  # fmt: skip
"""As data: what other engines would run, and what Python's own formatting would."""

LEAKS = ("<class", "&lt;class", "root:x", "uid=", "object at 0x", "<built-in", "<module", "<function", "<bound")

HOSTILE_NAMES = {
    "a header more": "Ana\r\nBcc: thief@example.org",
    "a second body": "Ana\r\n\r\n<html>hello</html>",
    "a folded header": "Ana\r\n Bcc: thief@example.org",
    "line ends of other systems": "Ana\u2028Bcc: a@b\u2029Bcc: c@d\x85Bcc: e@f\x0bBcc: g@h\x0cBcc: i@j\x1cBcc: k@l",
    "a lone carriage return": "Ana\rBcc: thief@example.org",
    "the end of the text": "Ana\x00\x04\x1a",
    "an encoded word": "=?utf-8?q?Ana=0D=0ABcc:_thief@example.org?=",
    "an address in the name": '"Ana" <thief@example.org>, Bob',
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "an attribute": '" onmouseover="alert(1)" x=\'',
    "a comment": "--><b>x</b><!--",
    "a link": "<a href='https://evil.example'>register</a>",
    "an override": "Ana\u202etxt.exe\u202c",
    "an isolate that is never closed": "Ana\u2066\u2067\u2068",
    "marks and embeddings": "\u200fAna\u200e\u202a\u202b\u202d\u061c",
    "nothing that is seen": "\u200b\u2060\ufeff\u00ad\U000e0041",
    "a terminal": "\x1b[31mAna\x1b[0m\x07\x9b2J",
    "half a character": "Ana\ud800",
    "a boundary": "--=_00000000000000000000000000000000--",
    "a dot alone": "\r\n.\r\n",
}


def write(folder: Path, text: str) -> Path:
    """A folder `notifications` with one template."""
    path = folder / "notifications" / "your-turn" / "en" / "body.txt"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return folder / "notifications"


@pytest.mark.parametrize("payload", [*ESCAPES, *BOMBS], ids=lambda text: text[:60])
def test_a_template_that_wants_more_than_to_be_filled_in_is_refused_before_it_is_compiled(tmp_path, payload):
    folder = write(tmp_path, payload)
    problems = check_words(folder)
    assert problems
    assert all(str(problem).startswith("notifications/your-turn/en/body.txt: line 1: ") for problem in problems)
    with pytest.raises(TemplateSyntaxError):
        Words(folder).template("your-turn", "en", "body.txt")


@pytest.mark.parametrize(
    "name", [*(f"{BASE}/es/{file}" for file in BASE_FILES), "your-turn/es/subject.txt", "undelivered/es/body.html"]
)
def test_every_kind_of_file_is_held_to_the_same(name):
    for payload in (*ESCAPES, *BOMBS):
        assert faults(name, payload.encode()), payload


def test_there_are_enough_payloads_and_each_once():
    payloads = [*ESCAPES, *BOMBS]
    assert len(payloads) == len(set(payloads)) >= 120


REACHING_OUT = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.listdir",
    "subprocess.Popen",
    "socket.",
    "shutil.",
    "os.remove",
)


@pytest.fixture(scope="module")
def reached() -> Iterator[list[str]]:
    """What reaches out of Python meanwhile: an audit hook cannot be taken back, so it is switched off."""
    seen: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and (event.startswith(REACHING_OUT) or (event == "open" and "/etc" in str(arguments[0]))):
            seen.append(f"{event} {arguments!r:.200}")

    sys.addaudithook(watch)
    yield seen
    watching = False


@pytest.mark.parametrize("payload", ESCAPES)
def test_the_sandbox_behind_the_check_lets_nothing_run_either(payload, reached):
    """Without the check, what an escape gives is an error, or a text without anything of Python in it. Bombs need the check."""
    shown = ""
    with suppress(TemplateError, TypeError, AttributeError, KeyError, RecursionError):
        shown = WORDS._environments["en"].from_string(payload).render(item=item("your-turn"))
    assert reached == []
    assert not any(leak in shown for leak in LEAKS)


def test_a_program_that_is_started_would_be_noticed(reached):
    list(Path("/etc").iterdir())
    assert reached.pop().startswith("os.listdir")


def test_nothing_is_in_the_sandbox_that_the_check_does_not_know():
    for environment in WORDS._environments.values():
        assert environment.globals == {}
        assert sorted(environment.tests) == ["none"]
        assert sorted(environment.filters) == ["business_days", "day", "days", "join", "length", "lines"]


# As data


@pytest.mark.parametrize("payload", [*ESCAPES, *BOMBS[:15], *OTHERS], ids=lambda text: text[:60])
def test_what_looks_like_a_template_is_shown_as_it_was_written_when_it_is_a_name(payload):
    """In the text and the page of one notice, and once more where the frame puts it into the message."""
    text = rendered("deadline-overdue", "en", "body.txt", deadline=payload, note=payload, todo=[payload])
    assert text.count(payload) == 3
    page = rendered("deadline-overdue", "en", "body.html", deadline=payload, note=payload, todo=[payload])
    escaped = (
        payload.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace('"', "&#34;")
    )
    assert page.count(escaped) == 3
    assert rendered("deadline-overdue", "en", "subject.txt", deadline=payload).startswith(f"MX-1: {payload} was due on")


def test_names_that_look_like_templates_come_out_of_a_whole_message_as_they_were_written():
    payloads = [*ESCAPES[::4], *OTHERS]
    groups = [
        group("your-turn", "deadline-soon", reference=f"R-{n}", title=text, state=text)
        for n, text in enumerate(payloads)
    ]
    told = letter("es", *groups, digest=True, reasons=tuple(payloads))
    _, text, html = message(told)
    lines = text.splitlines()
    for number, payload in enumerate(payloads):
        assert f"R-{number} · {payload}" in lines
        assert f"- {payload}" in lines, "among the reasons"
    assert not any(leak in text + html for leak in LEAKS)


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
@pytest.mark.parametrize("notice", ["your-turn", "undelivered", "deadline-soon"])
def test_a_hostile_name_is_harmless_text_everywhere_in_a_message(notice, name):
    """As the reader's name, the title, the reference, a role and every text of the notice."""
    values = {
        key: name if isinstance(value, str) and key not in {"nature", "standing"} else value
        for key, value in item(notice).items()
    }
    reference = f"MX-1 {name}".encode(errors="replace").decode()  # as it comes from a database
    values |= {"reference": reference} | ({"todo": [name, name]} if "todo" in values else {})
    told = Letter(
        Person("ana", name, "ana@example.org", "es", ()),
        (name,),
        (LetterGroup(reference, name, (LetterItem(notice, values),)),),
        reasons=(name,),
    )
    composer = Composer(NOTIFICATIONS, "https://twinflow.example", "twinflow@example.org")
    raw = composer.compose(
        told, message_id="0" * 32, created_at=datetime(2026, 5, 1, tzinfo=UTC), unsubscribe_token="t0ken"
    ).content
    parsed = BytesParser(policy=policy.default).parsebytes(raw)
    assert parsed["Bcc"] is None
    assert [address.addr_spec for address in parsed["To"].addresses] == ["ana@example.org"]
    assert str(parsed["Subject"]).startswith("MX-1 ")
    parts = [parsed.get_body(preferencelist=(kind,)).get_content() for kind in ("plain", "html")]
    text, html = (part.replace("\r\n", "\n") for part in parts)
    assert len(list(parsed.walk())) == 3
    for shown in (str(parsed["Subject"]), text, html):
        assert all(character.isprintable() or character in "\n\u00a0" for character in shown)
    assert not any(line.startswith("Bcc:") for line in text.splitlines())
    assert "<script" not in html
    assert "<b>" not in html
    assert "<img" not in html
    assert "evil.example'" not in html
    assert 'onmouseover="' not in html


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_text_of_every_notice_is_escaped_in_html_and_turned_by_nothing(notice, language):
    hostile = "<i>\u202e&\r\n\u2066\"'"
    values = {
        key: hostile if isinstance(value, str) and key not in {"nature", "standing"} else value
        for key, value in item(notice).items()
    }
    if "todo" in values:
        values["todo"] = [hostile, hostile]
    page = WORDS.template(notice, language, "body.html").render(item=values)
    assert "<i>" not in page
    assert "&lt;i&gt;&amp; &#34;&#39;" in page
    for file in ("subject.txt", "body.txt", "body.html"):
        shown = WORDS.template(notice, language, file).render(item=values)
        assert not {"\u202e", "\u2066", "\r"} & {*shown}


def test_a_text_without_end_is_shown_and_ends():
    assert len(rendered("your-turn", "en", "body.txt", state="x" * 1_000_000)) > 1_000_000
