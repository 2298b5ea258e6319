"""The address that reports about one message come to. Who has not seen it cannot guess it; the Message-ID is known to many."""

import hmac

CODE_LENGTH = 24
"""Hexadecimal digits: 96 bits. What stands before the @ stays below the 64 octets of RFC 5321, section 4.5.3.1.1."""


def return_tag(key: str, outbox_id: int, message_id: str) -> str:
    """What stands behind the plus in the return path of a message; `key` is the secret of the database."""
    return f"{outbox_id}-{hmac.new(key.encode(), message_id.encode(), 'sha256').hexdigest()[:CODE_LENGTH]}"


def is_return_tag(tag: str, key: str, outbox_id: int, message_id: str) -> bool:
    return hmac.compare_digest(tag.encode(), return_tag(key, outbox_id, message_id).encode())
