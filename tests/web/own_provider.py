"""An OpenID provider of the test's own on loopback, which answers as it is told: also as no honest one would."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT_ID, CLIENT_SECRET = "twinflow here", "the secret of the client"
CODE, ACCESS = "code-that-is-good-once", "access-token-of-nobody-else"


class OwnProvider:
    """`token` makes the text of the token from its claims; `answers` has, by path, a status and what is sent instead."""

    def __init__(self, now: datetime) -> None:
        self.now = int(now.timestamp())
        self.key = ECKey.generate_key("P-256", auto_kid=True)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.said: dict[str, object] = {}
        self.person: dict[str, object] = {}
        self.answers: dict[str, tuple[int, object]] = {}
        self.token: Callable[[dict[str, object]], object] = self.signed
        self.redeemed: list[tuple[dict[str, str], str]] = []

    def signed(self, claims: dict[str, object]) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    def claims(self, nonce: str = "") -> dict[str, object]:
        """Those of an honest token, for Lucía."""
        return {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "1",
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": nonce,
            "email": "lucia@cuenca.example",
            "email_verified": True,
        }

    def described(self) -> dict[str, object]:
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        ours = {name: f"{self.issuer}/{path}" for name, path in paths.items()}
        return {"issuer": self.issuer, "userinfo_endpoint": f"{self.issuer}/person", **ours}

    def answer(self, path: str) -> tuple[int, object]:
        if path in self.answers:
            return self.answers[path]
        of_path = {
            "/.well-known/openid-configuration": self.described,
            "/keys": lambda: {"keys": [self.key.as_dict(private=False)]},
            "/token": lambda: {"access_token": ACCESS, "id_token": self.token(dict(self.said)), "token_type": "Bearer"},
            "/person": lambda: self.person,
        }
        return 200, of_path[path]()


def _handler(provider: OwnProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = provider.answer(self.path)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            provider.redeemed.append(({name: value[0] for name, value in sent.items()}, self.headers["Authorization"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@contextmanager
def own_provider(now: datetime) -> Iterator[OwnProvider]:
    provider = OwnProvider(now)
    thread = Thread(target=provider.server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()
