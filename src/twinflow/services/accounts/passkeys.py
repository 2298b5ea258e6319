"""Passkeys made and shown: what the browser is asked, and whether its answer is good (https://www.w3.org/TR/webauthn-3/).

Of a question that waits for its answer the books keep a hash, bound to the session and to what is asked; it is answered once.
"""

import json
import logging
import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from twinflow.domain.accounts.limits import LIMITS, Action
from twinflow.domain.accounts.passkeys import LONGEST_NAME, MOST, Passkey, RelyingParty, counts_on
from twinflow.domain.accounts.sessions import Session
from twinflow.domain.people.people import Person
from twinflow.errors import BadInput, Refused
from twinflow.sentences import Problem, Sentence
from twinflow.services.accounts.hashing import hashed
from twinflow.services.accounts.second_factors import begin_anew, put_new_codes
from twinflow.services.accounts.signing_in import Client, NewSession, begin_session, count_tries
from twinflow.storage.unit_of_work import UnitOfWork

CHALLENGE_BYTES = 32
MILLISECONDS = int(LIMITS[Action.PASSKEY].window.total_seconds()) * 1000
VERIFIED = UserVerificationRequirement.REQUIRED

log = logging.getLogger(__name__)


class Asked(StrEnum):
    """What a browser is asked for."""

    A_NEW_ONE = "a new passkey"
    ONE_THAT_IS_THERE = "a passkey"


def ask_for_new(engine: Engine, party: RelyingParty, session: Session, person: Person, now: datetime) -> str:
    """The options by which a browser makes a passkey, as JSON; their challenge is good once."""
    with UnitOfWork(engine) as work:
        known = _described(work.accounts.passkeys_of(person.key))
        options = generate_registration_options(
            rp_id=party.id,
            rp_name="twinflow",
            user_id=bytes.fromhex(hashed(f"passkey\0{person.key}")),
            user_name=person.mail,
            user_display_name=person.name,
            challenge=_challenge(work, session, Asked.A_NEW_ONE, now),
            timeout=MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFIED
            ),
            exclude_credentials=known,
        )
        work.commit()
    return options_to_json(options)


def ask(engine: Engine, party: RelyingParty, session: Session, now: datetime) -> str | None:
    """The options by which a browser shows a passkey of the person, as JSON; None where they have none."""
    with UnitOfWork(engine) as work:
        known = _described(work.accounts.passkeys_of(session.person))
        if not known:
            return None
        options = generate_authentication_options(
            rp_id=party.id,
            challenge=_challenge(work, session, Asked.ONE_THAT_IS_THERE, now),
            timeout=MILLISECONDS,
            allow_credentials=known,
            user_verification=VERIFIED,
        )
        work.commit()
    return options_to_json(options)


def _check_name(name: str) -> None:
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        message = Sentence("say which one it is, in at most {count} letters", {"count": LONGEST_NAME})
        raise BadInput("The passkey cannot be added.", (Problem("name", message),))


def add(
    engine: Engine, party: RelyingParty, session: Session, name: str, answer: str, client: Client, now: datetime
) -> tuple[NewSession, tuple[str, ...]]:
    """A passkey was made: a session of a new token, and with the first second factor the recovery codes.

    Raises BadInput for its name, Refused for whatever is wrong with it, TooManyTries after ten of them.
    """
    _check_name(name)
    count_tries(engine, Action.SECOND_FACTOR, session.person, now)
    challenge = _answered(engine, session, Asked.A_NEW_ONE, answer, now)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise _not_good(error) from None
    passkey = Passkey(
        bytes_to_base64url(made.credential_id),
        session.person,
        name.strip(),
        bytes_to_base64url(made.credential_public_key),
        made.sign_count,
        now,
    )
    with UnitOfWork(engine) as work:
        account = work.accounts.to_change(session.person)
        if account is None or len(work.accounts.passkeys_of(session.person)) >= MOST:
            raise Refused("There are {count} passkeys already; remove one first.", count=MOST)
        codes = () if work.accounts.has_second_factor(account) else put_new_codes(work, session.person)
        if not work.accounts.add_passkey(passkey):
            raise Refused("This passkey is here already.")
        new = begin_anew(work, session.person, client, now)
        work.commit()
    return new, codes


def show(
    engine: Engine, party: RelyingParty, session: Session, answer: str, client: Client, now: datetime
) -> NewSession:
    """A session in place of one that waited for the second factor, of a new token.

    Raises Refused for whatever is wrong with the passkey, TooManyTries after ten of them.
    """
    count_tries(engine, Action.SECOND_FACTOR, session.person, now)
    challenge = _answered(engine, session, Asked.ONE_THAT_IS_THERE, answer, now)
    passkey = _known(engine, session.person, answer)
    try:
        shown = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=0,  # looked at below, when the signature is known to be good
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise _not_good(error) from None
    if not counts_on(passkey.sign_count, shown.new_sign_count):
        log.warning("The counter of a passkey of %s went back: somebody may have copied it.", session.person)
        raise _not_good(None)
    with UnitOfWork(engine) as work:
        if not work.accounts.use_passkey(passkey, shown.new_sign_count, now):
            raise _not_good(None)
        work.accounts.forget_tries(Action.SECOND_FACTOR, hashed(session.person))
        work.accounts.end_session(session.person, session.id_hash, now)
        new = begin_session(work, session.person, client, now, second_factor=True)
        work.commit()
    return new


def _described(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id)) for each in passkeys]


def _challenge(work: UnitOfWork, session: Session, asked: Asked, now: datetime) -> bytes:
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    work.accounts.note_begun(Action.PASSKEY, _kept_as(session, asked, challenge), now)
    return challenge


def _kept_as(session: Session, asked: Asked, challenge: bytes) -> str:
    return hashed(f"{session.id_hash}\0{asked}\0{bytes_to_base64url(challenge)}")


def _answered(engine: Engine, session: Session, asked: Asked, answer: str, now: datetime) -> bytes:
    """The challenge that is answered; it was put to this session, for this, and not answered before. Raises Refused."""
    try:
        said = json.loads(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(said["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _not_good(error) from None
    with UnitOfWork(engine) as work:
        is_open = work.accounts.end_begun(Action.PASSKEY, _kept_as(session, asked, challenge), now)
        work.commit()
    if not is_open:
        raise _not_good(None)
    return challenge


def _known(engine: Engine, person: str, answer: str) -> Passkey:
    """The passkey that answers, where it is one of the person. Raises Refused."""
    asked_for = json.loads(answer).get("id")
    with UnitOfWork(engine, reading=True) as work:
        found = next((each for each in work.accounts.passkeys_of(person) if each.credential_id == asked_for), None)
    if found is None:
        raise _not_good(None)
    return found


def _not_good(error: Exception | None) -> Refused:
    """One answer for all that may be wrong; the log has the kind of it, and nothing that was sent."""
    log.info("A passkey was refused%s.", f" ({type(error).__name__})" if error is not None else "")
    return Refused("This passkey is not good here, or the page was open too long. Load it again, and try once more.")
