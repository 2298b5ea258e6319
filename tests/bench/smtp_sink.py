"""An SMTP server that looks at nothing but line ends and keeps nothing: `smtp_sink.py PORT [MILLISECONDS BEFORE EACH REPLY]`."""

import asyncio
import sys


class Sink(asyncio.Protocol):
    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.waiting, self.in_message = transport, b"", False
        self.reply(b"220 sink\r\n")

    def reply(self, text: bytes) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.transport.write, text)
        else:
            self.transport.write(text)

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while True:
            line, found, rest = self.waiting.partition(b"\r\n.\r\n" if self.in_message else b"\r\n")
            if not found:
                return
            self.waiting = rest
            if self.in_message:
                self.in_message = False
                self.reply(b"250 kept\r\n")
            elif line[:4].upper() == b"EHLO":
                self.reply(b"250-sink\r\n250 8BITMIME\r\n")
            elif line[:4].upper() == b"DATA":
                self.in_message = True
                self.reply(b"354 go on\r\n")
            elif line[:4].upper() == b"QUIT":
                self.reply(b"221 bye\r\n")
            else:
                self.reply(b"250 ok\r\n")


async def main(port: int, milliseconds: float = 0) -> None:
    Sink.delay = milliseconds / 1000
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *(float(argument) for argument in sys.argv[2:])))
