"""An authenticator of passkeys in software: makes and shows them as browsers send them, and lies where it is told to."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ES256 = -7
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(value: str) -> bytes:
    return urlsafe_b64decode(f"{value}===")


class Authenticator:
    """With one passkey, of an ECDSA key. `counter` is what it shows next."""

    def __init__(self, origin: str, number: int = 1, *, packed: bool = False) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = sha256(f"{origin} {number}".encode()).digest()
        self.origin, self.packed, self.counter = origin, packed, 1

    def make(self, options: str, **lies: Any) -> str:
        asked = json.loads(options)
        client = self._client("webauthn.create", asked, lies)
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self._public_key()
        data = self._data(lies.get("rp_id", asked["rp"]["id"]), ATTESTED, lies) + attested
        statement = {"alg": ES256, "sig": self._signed(data, client)} if self.packed else {}
        said = {"fmt": "packed" if self.packed else "none", "attStmt": statement, "authData": data}
        return self._answer({"clientDataJSON": client, "attestationObject": cbor2.dumps(said)}, lies)

    def show(self, options: str, **lies: Any) -> str:
        asked = json.loads(options)
        client = self._client("webauthn.get", asked, lies)
        data = self._data(lies.get("rp_id", asked["rpId"]), 0, lies)
        response = {"clientDataJSON": client, "authenticatorData": data, "signature": self._signed(data, client)}
        return self._answer(response, lies)

    def _client(self, kind: str, asked: dict[str, Any], lies: dict[str, Any]) -> bytes:
        said = {
            "type": lies.get("kind", kind),
            "challenge": lies.get("challenge", asked["challenge"]),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _data(self, rp_id: str, flags: int, lies: dict[str, Any]) -> bytes:
        flags |= lies.get("flags", PRESENT | VERIFIED)
        counter = lies.get("counter", self.counter)
        self.counter += 1
        return sha256(rp_id.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")

    def _signed(self, data: bytes, client: bytes) -> bytes:
        return self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))

    def _public_key(self) -> bytes:
        at = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: ES256, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")})

    def _answer(self, response: dict[str, bytes], lies: dict[str, Any]) -> str:
        identity = b64(lies.get("id", self.id))
        written = {name: b64(value) for name, value in response.items()}
        return json.dumps({"id": identity, "rawId": identity, "type": "public-key", "response": written})
