"""A wire between the portal and its database that a test can cut or freeze."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Wire:
    """Passes bytes on to ``target``; frozen it keeps every connection open and passes nothing."""

    def __init__(self, target):
        self.target = target
        self.flows = threading.Event()
        self.flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets = []
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self):
        self.flows.clear()

    def thaw(self):
        self.flows.set()

    def cut(self):
        """Refuse new connections and end the old ones."""
        self._ended = True
        self._close(self._listener)
        for one in self._sockets:
            self._close(one)
        self.flows.set()

    def mend(self):
        """Listen again on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._sockets, self._ended = [], False
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def _close(one):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

    def _accept(self):
        listener = self._listener
        while not self._ended:
            try:
                here, _ = listener.accept()
            except OSError:
                return
            there = socket.create_connection(self.target)
            self._sockets += [here, there]
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        try:
            while data := source.recv(65536):
                self.flows.wait()
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                self._close(one)
