"""A TCP proxy that can be cut like a cable. Once cut, it passes no data but closes no connection."""

import socket
import threading


class Wire:
    def __init__(self, port):
        self.behind = port
        self.is_whole = threading.Event()
        self.is_whole.set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self.is_whole.clear()

    def mend(self):
        self.is_whole.set()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                self.is_whole.wait()
                far = socket.create_connection(("127.0.0.1", self.behind), 5)
            except OSError:
                return
            far.settimeout(None)
            self.ends += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source, target):
        try:
            while piece := source.recv(65536):
                self.is_whole.wait()
                target.sendall(piece)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.mend()
        self.listener.close()
        for end in self.ends:
            end.close()
