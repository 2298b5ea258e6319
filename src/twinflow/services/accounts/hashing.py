"""What is kept of secrets. Of a password its argon2id hash, which is dear; of a long random token SHA-256, which is enough."""

import hashlib
import secrets

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

HASHER = PasswordHash((Argon2Hasher(),))
TOKEN_BYTES = 32
_NOBODYS: dict[PasswordHash, str] = {}


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def password_hash(password: str) -> str:
    return HASHER.hash(password)


def is_right(password: str, kept: str) -> bool:
    """Whether the password is the one of which the hash was kept. Takes as long where none was kept."""
    return HASHER.verify(password, kept or _nobodys()) and bool(kept)


def _nobodys() -> str:
    """The hash of a password that nobody has."""
    if HASHER not in _NOBODYS:
        _NOBODYS[HASHER] = HASHER.hash(new_token())
    return _NOBODYS[HASHER]
