"""A gate before a server: it is shut as if the server had been stopped, and opened again at the same address."""

import select
import socket
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

from tests.browser.demo_server import free_port


class Doorway(ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    to: tuple[str, int]
    inside: list[socket.socket]


class Passage(BaseRequestHandler):
    """Hands on what either side says until one of them has gone."""

    server: Doorway

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection(self.server.to) as other:
            self.server.inside += [self.request, other]
            while True:
                ready, _write, _error = select.select([self.request, other], [], [])
                for side in ready:
                    said = side.recv(65536)
                    if not said:
                        return
                    (other if side is self.request else self.request).sendall(said)


class Gate:
    """Open at first; `port` is its own on this machine."""

    def __init__(self, host: str, port: int) -> None:
        self.to, self.port = (host, port), free_port()
        self.open()

    def open(self) -> None:
        self.doorway = Doorway(("127.0.0.1", self.port), Passage)
        self.doorway.to, self.doorway.inside = self.to, []
        Thread(target=self.doorway.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def shut(self) -> None:
        """Nobody gets in, and who was in is thrown out."""
        self.doorway.shutdown()
        self.doorway.server_close()
        for side in self.doorway.inside:
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.shut()
