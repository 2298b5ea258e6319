"""Ports of this machine alone: there are no accounts yet, so nothing of ours listens elsewhere."""

import asyncio
import os
import socket
from collections.abc import Coroutine

from aiosmtpd.controller import Controller

from twinflow.errors import EnvironmentFailed

LOOPBACK = "127.0.0.1"


def listening_on(port: int) -> socket.socket:
    """A socket that listens: until it does, another one may have the same port. 0: a port that is free.

    Raises EnvironmentFailed if the port cannot be used.
    """
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise EnvironmentFailed("Port {port} cannot be used: {why}.", port=port, why=why) from None


class ListeningController(Controller):
    """`Controller` on a socket that listens already."""

    def __init__(self, handler: object, listener: socket.socket) -> None:
        super().__init__(handler, *listener.getsockname())
        self._listener = listener

    def _create_server(self) -> Coroutine[object, object, asyncio.Server]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)
