"""A minimal client for WebDriver BiDi over a WebSocket (RFC 6455), to drive Firefox. Uses only the standard library."""

import base64
import json
import os
import socket
import struct
import time


class BiDi:
    def __init__(self, port, path="/session"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self._receive()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode(errors="replace"))
        self.last = 0
        self.events = []

    def command(self, method, **parameters):
        """Sends a command and returns its result. Events that arrive meanwhile are added to `events`."""
        self.last += 1
        self._send(json.dumps({"id": self.last, "method": method, "params": parameters}).encode())
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            message = json.loads(self._message())
            if message.get("id") == self.last:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]
            self.events.append(message)
        raise TimeoutError(method)

    def close(self):
        self.socket.close()

    def _receive(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise ConnectionError("the browser closed the connection")
        return piece

    def _take(self, count):
        while len(self.buffer) < count:
            self.buffer += self._receive()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _send(self, payload, opcode=1):
        mask = os.urandom(4)
        length = len(payload)
        if length < 126:
            head = struct.pack(">BB", 0x80 | opcode, 0x80 | length)
        elif length < 65536:
            head = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, length)
        self.socket.sendall(head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)))

    def _message(self):
        whole = b""
        while True:
            first, second = self._take(2)
            length = second & 0x7F
            if length == 126:
                length, = struct.unpack(">H", self._take(2))
            elif length == 127:
                length, = struct.unpack(">Q", self._take(8))
            payload = self._take(length)
            opcode = first & 0x0F
            if opcode == 9:
                self._send(payload, 10)
            elif opcode == 8:
                raise ConnectionError("the browser closed the connection")
            elif opcode < 3:
                whole += payload
                if first & 0x80:
                    return whole
