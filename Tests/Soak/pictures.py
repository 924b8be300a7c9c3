"""Writes JPEGs, any two of which differ in almost every line of blocks.

Each JPEG has space for the fake camera's stamp, which viewers check.
"""

import random
import struct

HEAD = 128                      # the number of bytes up to the end of the stamp, which Tests/LoadGenerator/stamp.h describes
MAGIC = b"oriel-soak "
MASK = (1 << 64) - 1

# The symbols of two Huffman tables, in which every code is four bits long. Each symbol in MEANS is the size in bits of
# the difference between the means of two blocks (DC). Each symbol in RUNS combines a number of zeros and the size of
# the coefficient after them (AC).
MEANS = list(range(12))
RUNS = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x11, 0x12, 0x13, 0x21, 0x22, 0x31, 0x41, 0x51, 0x61]


def segment(marker, content):
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def line_of_blocks(chance, count):
    """Returns the entropy-coded data of a restart interval: `count` blocks of 8 by 8 pixels."""
    bits, mean = [], 0

    def put(value, width):
        bits.append(format(value & ((1 << width) - 1), f"0{width}b") if width else "")

    def put_number(value, width):
        put(value if value >= 0 else value - 1, width)

    for _ in range(count):
        wanted = chance.randint(-400, 400)
        difference, mean = wanted - mean, wanted
        width = abs(difference).bit_length()
        put(MEANS.index(width), 4)
        put_number(difference, width)
        for _ in range(chance.randint(0, 3)):
            symbol = chance.choice(RUNS[1:])
            width = symbol & 15
            put(RUNS.index(symbol), 4)
            put_number(chance.choice((-1, 1)) * chance.randint(1 << (width - 1), (1 << width) - 1), width)
        put(0, 4)
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def table(kind, symbols):
    return segment(0xC4, bytes([kind, 0, 0, 0, len(symbols), *[0] * 12, *symbols]))


def write(folder, width, height, count, seed):
    """Creates a folder and writes `count` pictures into it."""
    chance = random.Random(seed)
    across, down = width // 8, height // 8
    lines = [line_of_blocks(chance, across) for _ in range(64)]
    room = MAGIC + b" " * (HEAD - 6 - len(MAGIC))
    head = (
        b"\xff\xd8" + segment(0xFE, room) + segment(0xDB, bytes([0, *[16] * 64]))
        + segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
        + table(0x00, MEANS) + table(0x10, RUNS) + segment(0xDD, struct.pack(">H", across))
        + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"))
    folder.mkdir()
    for number in range(count):
        data = b"".join(
            chance.choice(lines) + (bytes([0xFF, 0xD0 + line % 8]) if line + 1 < down else b"") for line in range(down))
        (folder / f"{number:03}.jpg").write_bytes(head + data + b"\xff\xd9")


def mix(value, word):
    value = (value ^ word) * 0x9E3779B97F4A7C15 & MASK
    return value ^ value >> 29


def hash_of(data):
    whole = len(data) // 8
    value = 0
    for word in struct.unpack_from(f"<{whole}Q", data):
        value = mix(value, word)
    return mix(value, int.from_bytes(data[whole * 8:], "little"))


def stamp(picture):
    """Returns the camera and the monotonic time (in seconds) in a picture's stamp, or None if the picture is not intact."""
    if picture[6:6 + len(MAGIC)] != MAGIC:
        return None
    head = bytearray(picture[:HEAD])
    digits = bytes(head[55:71])
    head[55:71] = b"0" * 16
    if b"%016x" % mix(hash_of(picture[HEAD:]), hash_of(bytes(head))) != digits:
        return None
    return head[17:33].decode().strip(), int(head[34:54]) / 1e9
