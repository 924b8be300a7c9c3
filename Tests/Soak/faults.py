"""Injects faults. A function that injects a fault returns when the fault is over, so that the system can recover."""

import os
import random
import signal
import socket
import struct
import time

DAEMONS = ("capture-main", "capture-door", "capture-hall")
SERVERS = ("nginx-ingest", "nginx-web")
DEATHS = {"SIGKILL": signal.SIGKILL, "SIGSEGV": signal.SIGSEGV, "SIGTERM": signal.SIGTERM}

BEGIN = struct.pack(">BBHHBBHBBBBBB", 1, 1, 1, 8, 0, 0, 1, 0, 0, 0, 0, 0, 0)          # FCGI_BEGIN_REQUEST with the role Responder


def named(name, value):
    """Returns a FastCGI name-value pair. Each of its two length fields is four bytes long."""
    return struct.pack(">II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def record(kind, content, request=1):
    """Returns a FastCGI record of the type `kind`."""
    return struct.pack(">BBHHBB", 1, kind, request, len(content), 0, 0) + content


class Faults:
    """Chooses faults at random. All choices come from `chance`, so the same seed always results in the same faults."""

    def __init__(self, system, chance, only=None):
        self.system, self.chance = system, chance
        self.kinds = [
            (8, self.kill_daemon), (8, self.kill_worker), (5, self.kill_nginx_worker), (4, self.stop_daemon),
            (6, self.stop_worker), (4, self.stop_nginx_worker), (4, self.reload_nginx), (4, self.restart_nginx),
            (5, self.delete_ring), (5, self.truncate_ring), (6, self.garbage_on_socket), (5, self.connect_and_abort),
            (5, self.stall_camera), (6, self.unplug_camera), (6, self.spoil_pictures), (3, self.fail_camera),
            (3, self.kill_everything), (4, self.two_at_once), (3, self.kill_without_ring),
        ]
        self.single = [one for _, one in self.kinds[:10]]
        if only:
            self.kinds = [(weight, one) for weight, one in self.kinds if self.name(one) in only]
        if not self.kinds:
            raise ValueError(f"there is no fault of the kind {' or '.join(only)}")

    def choose(self):
        """Chooses the next fault. Returns its kind, its description, and the function that injects it."""
        kind = self.chance.choices([one for _, one in self.kinds], [weight for weight, _ in self.kinds])[0]
        words, action = kind()
        return self.name(kind), words, action

    @staticmethod
    def name(kind):
        return kind.__name__.replace("_", " ")

    # Each method below whose name does not start with an underscore chooses a fault. It returns a description and the
    # function that injects the fault.

    def _signal_all(self, number, part, one=False):
        pids = sorted(self.system.processes()[part])
        for pid in pids[:1] if one else pids:
            self.system.send(number, pid)

    def _stop(self, part, seconds):
        self._signal_all(signal.SIGSTOP, part)
        time.sleep(seconds)
        self.system.resume()

    def _kill(self, parts):
        part, (name, number) = self.chance.choice(parts), self.chance.choice(list(DEATHS.items()))
        return f"{name} {part}", lambda: self._signal_all(number, part)

    def kill_daemon(self):
        return self._kill(DAEMONS)

    def kill_worker(self):
        return self._kill(self.system.workers)

    def kill_nginx_worker(self):
        part, number = self.chance.choice(SERVERS), self.chance.choice([signal.SIGKILL, signal.SIGSEGV])
        one = self.chance.random() < 0.5
        return (f"{number.name} {'one worker' if one else 'the workers'} of {part}",
                lambda: self._signal_all(number, f"{part}-worker", one))

    def _pause(self, parts, suffix=""):
        part, seconds = self.chance.choice(parts), round(self.chance.uniform(0.2, 4), 1)
        return f"SIGSTOP {part}{suffix} for {seconds} s", lambda: self._stop(part + suffix, seconds)

    def stop_daemon(self):
        return self._pause(DAEMONS)

    def stop_worker(self):
        return self._pause(self.system.workers)

    def stop_nginx_worker(self):
        return self._pause(SERVERS, "-worker")

    def reload_nginx(self):
        part = self.chance.choice(SERVERS)
        return f"reload {part}", lambda: self._signal_all(signal.SIGHUP, part)

    def restart_nginx(self):
        part, number = self.chance.choice(SERVERS), self.chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT])

        def act():
            pids = self.system.processes()[part]
            self._signal_all(number, part)
            # On SIGQUIT, nginx closes its port at once, but exits only after the streams have ended or after
            # worker_shutdown_timeout. Until it is restarted, connections are refused, which is intended.
            deadline = time.monotonic() + (8 if number == signal.SIGQUIT else 0)
            while any(pid in self.system.processes()[part] for pid in pids) and time.monotonic() < deadline:
                time.sleep(0.05)
        return f"{number.name} {part}'s master", act

    def kill_everything(self):
        parts = [*DAEMONS, *self.system.workers, *[f"{server}-worker" for server in SERVERS], *SERVERS]

        def act():
            found = self.system.processes()
            for part in parts:
                for pid in found[part]:
                    self.system.send(signal.SIGKILL, pid)
        return "SIGKILL all processes", act

    def two_at_once(self):
        first, second = [self.chance.choice(self.single)() for _ in range(2)]

        def act():
            first[1]()
            second[1]()
        return f"{first[0]}, and {second[0]}", act

    # ---- shared memory

    def _ring(self):
        return f"/dev/shm/{self.system.prefix}.{self.chance.choice(['', 'relay.'])}{self.chance.choice(['main', 'door', 'hall'])}"

    def _change_ring(self, ring, change):
        try:
            change(ring)
        except FileNotFoundError:
            pass                        # the writer has not created the ring yet

    def delete_ring(self):
        ring = self._ring()
        return f"rm {ring}", lambda: self._change_ring(ring, os.unlink)

    def truncate_ring(self):
        ring, size = self._ring(), self.chance.choice([0, 100, 4096, 5000, 300000])
        return f"truncate {ring} to {size}", lambda: self._change_ring(ring, lambda path: os.truncate(path, size))

    def kill_without_ring(self):
        name, part = self.chance.choice([("main", "capture-main"), ("door", "capture-door"), ("relay.main", "relay-fcgi")])
        ring = f"/dev/shm/{self.system.prefix}.{name}"

        def act():
            self._signal_all(signal.SIGKILL, part)
            self._change_ring(ring, os.unlink)
        return f"SIGKILL {part}, and rm {ring}", act

    # ---- sockets

    def _garbage(self, kind):
        chance = random.Random(self.chance.random())
        return {
            "silence": b"", "one byte": b"\x01", "half a header": BEGIN[:5], "a request without parameters": BEGIN,
            "random bytes": chance.randbytes(chance.randint(1, 5000)),
            "random records": b"".join(record(chance.randint(0, 20), chance.randbytes(chance.randint(0, 900))) for _ in range(20)),
            "wrong version": b"\x09" + BEGIN[1:], "wrong role": record(1, struct.pack(">HB5x", chance.randint(2, 99), 0)),
            "a repeated FCGI_GET_VALUES name": record(9, named(b"FCGI_MAX_CONNS", b"") * 20, request=0),
            "a false length": BEGIN + record(4, struct.pack(">II", 1 << 31 | 0x7FFFFFFF, 1 << 31 | 0x7FFFFFFF)),
            "endless parameters": BEGIN + b"".join(record(4, named(b"N%d" % i, b"x" * 1000)) for i in range(300)),
            "a request with garbage after it": BEGIN + record(4, named(b"REQUEST_METHOD", b"GET") + named(b"SCRIPT_NAME", b"/video"))
            + record(4, b"") + record(5, b"") + chance.randbytes(500),
        }[kind]

    KINDS_OF_GARBAGE = (
        "silence", "one byte", "half a header", "a request without parameters", "random bytes", "random records",
        "wrong version", "wrong role", "a repeated FCGI_GET_VALUES name", "a false length", "endless parameters",
        "a request with garbage after it")

    def garbage_on_socket(self):
        worker, kind = self.chance.choice(self.system.workers), self.chance.choice(self.KINDS_OF_GARBAGE)
        count, data = self.chance.randint(1, 40), self._garbage(kind)

        def act():
            held = []
            for _ in range(count):
                try:
                    one = socket.socket(socket.AF_UNIX)
                    one.settimeout(1)
                    held.append(one)
                    one.connect(str(self.system.runtime / f"{worker}.sock"))
                    one.sendall(data)
                except OSError:
                    continue            # the worker may refuse or close the connection
            time.sleep(0.7)
            for one in held:
                one.close()
        return f"{kind}, sent {count} times to {worker}'s socket", act

    def connect_and_abort(self):
        chance, count = random.Random(self.chance.random()), self.chance.randint(100, 600)
        ports = [self.system.web_port, self.system.ingest_port]
        paths = ["/video/main", "/mjpeg/door", "/snapshot/hall?after=9999999999999999", "/status", "/video/main?fps=1"]

        def act():
            for _ in range(count):
                request = f"GET {chance.choice(paths)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
                with socket.socket() as one:
                    one.settimeout(0.1)
                    try:
                        one.connect(("127.0.0.1", chance.choice(ports)))
                        one.sendall(request[:chance.randint(0, len(request))])
                        if chance.random() < 0.1:
                            one.recv(chance.randint(1, 3000))
                        if chance.random() < 0.5:       # makes close() reset the connection
                            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    except OSError:
                        pass
        return f"{count} connections that are aborted", act

    # ---- cameras

    def _camera(self, words, seconds):
        camera = self.chance.choice(["main", "door"])

        def act():
            self.system.set_faults(camera, words)
            time.sleep(seconds)
            self.system.set_faults(camera, "")
        return f"camera {camera}: {words} for {seconds} s", act

    def stall_camera(self):
        return self._camera("stall", round(self.chance.uniform(0.5, 6), 1))

    def unplug_camera(self):
        return self._camera("unplug", round(self.chance.uniform(0.2, 6), 1))

    def spoil_pictures(self):
        words = [f"{word}={self.chance.randint(1, 20)}" for word in
                 self.chance.sample(["truncate", "garbage", "empty", "flag", "skip"], self.chance.randint(1, 5))]
        return self._camera(" ".join(words), 2.5)

    def fail_camera(self):
        words = self.chance.choice(["eio=1", "eio=5", "unplug busy", "unplug denied", "unplug no-space", "unplug no-start"])
        camera = self.chance.choice(["main", "door"])
        state = words.replace("unplug ", "")

        def act():
            self.system.set_faults(camera, words)
            time.sleep(0.5)
            self.system.set_faults(camera, state)       # the camera is back, but cannot be used yet
            time.sleep(1.5)
            self.system.set_faults(camera, "")
        return f"camera {camera}: {words}, for 2 s", act
