#!/usr/bin/env python3
"""Reads frames from a ring in shared memory. docs/shared-memory.md describes the layout of rings.

usage: read_ring.py /oriel.main [COUNT]     prints a line "number bytes width height crc32" for each of COUNT frames
"""
import ctypes, fcntl, mmap, os, struct, sys, time, zlib

FUTEX_WAIT, SYS_futex = 0, {"x86_64": 202, "aarch64": 98}[os.uname().machine]
F_OFD_SETLK, LOCK_INTEREST = 37, 1
libc = ctypes.CDLL(None, use_errno=True)


class Ring:
    def __init__(self, name):
        self.descriptor = os.open("/dev/shm" + name, os.O_RDONLY | os.O_CLOEXEC)
        size = os.fstat(self.descriptor).st_size
        self.map = mmap.mmap(self.descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ)
        magic, version, self.header, self.slots, self.slot_header, self.capacity, self.stride, total = \
            struct.unpack_from("<8sIIIIQQQ", self.map, 0)
        if magic != b"ORIELRNG" or version != 1 or total != size:
            sys.exit(f"{name} is not a ring of layout version 1")
        # A shared lock on byte 1 requests pictures. If a camera sends raw pictures, they are encoded only on request.
        lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, LOCK_INTEREST, 1, 0)
        fcntl.fcntl(self.descriptor, F_OFD_SETLK, lock)

    def word(self, offset, form="<Q"):
        return struct.unpack_from(form, self.map, offset)[0]

    def newest(self):
        """Returns the newest frame as (number, width, height, bytes), or None if there is none."""
        while True:
            position = self.word(128)
            if position == 0:
                return None
            slot = self.header + (position - 1) % self.slots * self.stride
            before = self.word(slot)
            size = self.word(slot + 32)
            if before & 1:
                continue
            if not 0 < size <= self.capacity:
                return None
            number, width, height = self.word(slot + 8), self.word(slot + 40, "<I"), self.word(slot + 44, "<I")
            start = slot + self.slot_header
            picture = self.map[start:start + size]
            if self.word(slot) == before:
                return number, width, height, picture

    def wait(self, seen):
        """Sleeps until the ring's wake word differs from `seen`, for 250 ms at most."""
        buffer = (ctypes.c_char * 1).from_address(address(self.map) + 64)
        timeout = struct.pack("qq", 0, 250_000_000)
        libc.syscall(SYS_futex, ctypes.byref(buffer), FUTEX_WAIT, seen, timeout, None, 0)


def address(view):
    """Returns the address of a read-only mapping, which Python's mmap does not expose."""
    class Buffer(ctypes.Structure):
        _fields_ = [("buf", ctypes.c_void_p), ("obj", ctypes.py_object), ("rest", ctypes.c_byte * 128)]
    buffer = Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(view), ctypes.byref(buffer), 0)
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(buffer))
    return buffer.buf


ring, last = Ring(sys.argv[1]), None
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
    deadline = time.monotonic() + 10
    while True:
        seen = ring.word(64, "<I")
        frame = ring.newest()
        if frame and frame[0] != last:
            break
        if time.monotonic() > deadline:
            sys.exit("no new frame for 10 s")
        ring.wait(seen)
    last, width, height, picture = frame
    print(last, len(picture), width, height, zlib.crc32(picture), flush=True)
