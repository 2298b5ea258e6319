"""What sending needs, put together once."""

from dataclasses import dataclass
from pathlib import Path

from twinflow.mail.compose import Composer
from twinflow.mail.mailer import Mailer


@dataclass(frozen=True, slots=True)
class Post:
    """Words, a way out, and the addresses of the envelope.

    `return_path` is where bounces come; with `tagged` each message has its own (`bounces+TAG@…`). `redirect_all_to` is the
    one address that everything goes to in a rehearsal, `state_file` how a restored backup is known (None while mail is captured).
    """

    composer: Composer
    mailer: Mailer
    return_path: str
    tagged: bool = False
    redirect_all_to: str = ""
    state_file: Path | None = None

    @property
    def captures(self) -> bool:
        """Whether nothing leaves."""
        return self.state_file is None

    def envelope_sender(self, tag: str) -> str:
        if not self.tagged:
            return self.return_path
        local, _, domain = self.return_path.rpartition("@")
        return f"{local}+{tag}@{domain}"
