"""A letter to bytes: words from `notifications/`, strict about what they name, sandboxed. Pure but for reading templates."""

from collections.abc import Mapping
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from twinflow import language
from twinflow.domain.letters import Letter, LetterGroup, LetterItem


class Composer:
    """Renders letters with the templates of one folder.

    `base_url` is where the pages are, `sender` the address that messages come from.
    """

    def __init__(self, folder: Path, base_url: str, sender: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._sender = sender
        self._environments = {code: _environment(folder, code) for code in language.LANGUAGES}

    def compose(self, letter: Letter, *, message_id: str, created_at: datetime) -> tuple[str, bytes]:
        """The subject and the whole message, ready to send; the same letter gives the same bytes.

        Raises jinja2.UndefinedError where a template names something the letter does not have.
        """
        environment = self._environments[letter.language]
        subject = self._subject(environment, letter)
        context = {
            "subject": subject,
            "person": letter,
            "items": letter.items,
            "groups": [self._group(environment, letter.language, group) for group in letter.groups],
            "base_url": self._base_url,
        }
        message = EmailMessage(policy=SMTP)
        message["Subject"] = subject
        message["From"] = Address("twinflow", addr_spec=self._sender)
        message["To"] = Address(letter.name, addr_spec=letter.mail)
        message["Date"] = format_datetime(created_at)
        message["Message-ID"] = f"<{message_id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["Content-Language"] = letter.language
        base = f"_base/{letter.language}"
        message.set_content(environment.get_template(f"{base}/message.txt").render(context))
        message.add_alternative(environment.get_template(f"{base}/message.html").render(context), subtype="html")
        message.set_boundary(f"=_{message_id}")
        return subject, message.as_bytes()

    def _subject(self, environment: ImmutableSandboxedEnvironment, letter: Letter) -> str:
        if len(letter.items) == 1:
            item = letter.items[0]
            template = environment.get_template(f"{item.notice}/{letter.language}/subject.txt")
            text = template.render(item=item.values)
        else:
            template = environment.get_template(f"_base/{letter.language}/digest_subject.txt")
            text = template.render(items=letter.items, groups=letter.groups)
        return " ".join(text.split())

    def _group(self, environment: ImmutableSandboxedEnvironment, code: str, group: LetterGroup) -> Mapping[str, Any]:
        return {
            "reference": group.reference,
            "title": group.title,
            "url": f"{self._base_url}/agreements/{quote(group.reference)}",
            "items": [_rendered(environment, code, item) for item in group.items],
        }


def _rendered(environment: ImmutableSandboxedEnvironment, code: str, item: LetterItem) -> Mapping[str, str]:
    folder = f"{item.notice}/{code}"
    text = environment.get_template(f"{folder}/body.txt").render(item=item.values)
    html = environment.get_template(f"{folder}/body.html").render(item=item.values)
    return {"text": " ".join(text.split()), "html": Markup(html)}  # noqa: S704 - rendered with escaping just above


def _environment(folder: Path, code: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html",)),
    )
    environment.filters["day"] = partial(_day, code=code)
    environment.filters["days"] = partial(language.days, language=code)
    environment.filters["business_days"] = partial(language.days, language=code, business=True)
    return environment


def _day(value: date, code: str) -> str:
    return language.day(value, code)
