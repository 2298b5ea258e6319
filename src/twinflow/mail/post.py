"""What sending needs, put together once."""

from dataclasses import dataclass

from twinflow.mail.compose import Composer
from twinflow.mail.mailer import Mailer


@dataclass(frozen=True, slots=True)
class Post:
    """Words, a way out, and the address that messages come from."""

    composer: Composer
    mailer: Mailer
    sender: str
