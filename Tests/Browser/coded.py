"""Creates pictures that encode a number, and reads the number back from a screenshot.

A picture is a grid of 4 × 4 black or white cells. Twelve cells are the bits of the number, and four are a checksum.
The encoder writes only the kind of JPEG (ITU-T T.81) that such cells need: baseline, grey, and one DC value per block.
"""

import functools
import struct
import zlib

BLACK, WHITE = 24, 232
WIDTH, HEIGHT = 320, 240


@functools.lru_cache(maxsize=4096)
def picture(number, width=WIDTH, height=HEIGHT):
    """Returns a JPEG that encodes a number from 0 to 4095. Width and height must be multiples of 32."""
    bits = _bits(number)
    columns, rows = width // 8, height // 8
    levels = [
        (WHITE if bits[(row * 4 // rows) * 4 + column * 4 // columns] else BLACK) - 128
        for row in range(rows) for column in range(columns)
    ]
    return _jpeg(levels, width, height)


def number(read):
    """Returns the number that a picture encodes, or None if it is not a coded picture.

    `read(x, y)` returns the picture's brightness at x, y (both 0 to 1).
    """
    levels = [read((column + 0.5) / 4, (row + 0.5) / 4) for row in range(4) for column in range(4)]
    darkest, brightest = min(levels), max(levels)
    if brightest - darkest < 16:
        return None
    bits = [level > (darkest + brightest) / 2 for level in levels]
    shown = sum(bit << place for place, bit in enumerate(bits[:12]))
    return shown if bits == _bits(shown) else None


def _bits(value):
    check = (value ^ value >> 4 ^ value >> 8 ^ 0b1001) & 0xF
    if value not in range(4096):
        raise ValueError(value)
    return [bool(value >> place & 1) for place in range(12)] + [bool(check >> place & 1) for place in range(4)]


def plain(level, width=WIDTH, height=HEIGHT):
    """Returns a JPEG of one shade of grey, 0 to 255."""
    return _jpeg([level - 128] * (width // 8 * height // 8), width, height)


def spot(x, y, across, down, width=WIDTH, height=HEIGHT):
    """Returns a JPEG of a bright rectangle on dark ground. Its place and size are in cells of 8 × 8 pixels."""
    columns = range(width // 8)
    return _jpeg([
        (WHITE if x <= column < x + across and y <= row < y + down else BLACK) - 128
        for row in range(height // 8) for column in columns
    ], width, height)


def _jpeg(levels, width, height):
    def segment(marker, body):
        return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body

    # The Huffman tables: the code of a DC category (0 to 8) is the category's number in four bits. The only AC code is
    # one bit, which ends a block.
    dc_table = bytes([0x00, 0, 0, 0, 9] + [0] * 12) + bytes(range(9))
    ac_table = bytes([0x10, 1] + [0] * 15) + bytes([0])
    bits, before = [], 0
    for level in levels:
        difference, before = level - before, level
        size = abs(difference).bit_length()
        bits.append(f"{size:04b}")
        if size:
            bits.append(f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}")
        bits.append("0")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    scan = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")
    return b"".join([
        b"\xff\xd8",
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xDB, b"\0" + b"\x08" * 64),
        segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0"),
        segment(0xC4, dc_table), segment(0xC4, ac_table),
        segment(0xDA, b"\x01\x01\0\0\x3f\0"), scan,
        b"\xff\xd9",
    ])


class Screenshot:
    """A screenshot, decoded from a PNG with eight bits per channel, as browsers write them."""

    def __init__(self, png):
        if png[:8] != b"\x89PNG\r\n\x1a\n":
            raise ValueError("not a PNG")
        data, at = b"", 8
        while at < len(png):
            length, kind = struct.unpack(">I4s", png[at:at + 8])
            body = png[at + 8:at + 8 + length]
            if kind == b"IHDR":
                self.width, self.height, depth, colour = struct.unpack(">IIBB", body[:10])
                self.channels = {0: 1, 2: 3, 6: 4}[colour]
                if depth != 8:
                    raise ValueError("not eight bits per channel")
            elif kind == b"IDAT":
                data += body
            at += length + 12
        self.rows = self._unfilter(zlib.decompress(data))

    def _unfilter(self, data):
        stride, step = self.width * self.channels, self.channels
        rows, before = [], bytearray(stride)
        for start in range(0, len(data), stride + 1):
            kind, row = data[start], bytearray(data[start + 1:start + 1 + stride])
            if kind == 2:
                row = bytearray((a + b) & 255 for a, b in zip(row, before))
            elif kind:
                for index in range(stride):
                    left = row[index - step] if index >= step else 0
                    up = before[index]
                    if kind == 1:
                        guess = left
                    elif kind == 3:
                        guess = (left + up) // 2
                    else:
                        corner = before[index - step] if index >= step else 0
                        estimate = left + up - corner
                        guess = min((left, up, corner), key=lambda value: abs(estimate - value))
                    row[index] = (row[index] + guess) & 255
            rows.append(row)
            before = row
        return rows

    def pixel(self, x, y):
        """Returns red, green and blue (or grey three times) at a point; x and y are from 0 to 1."""
        row = self.rows[min(self.height - 1, int(y * self.height))]
        at = min(self.width - 1, int(x * self.width)) * self.channels
        return tuple(row[at:at + 3]) if self.channels > 2 else (row[at],) * 3

    def number(self):
        """Returns the number of the coded picture that fills the screenshot, or None if there is none."""
        return number(lambda x, y: sum(self.pixel(x, y)) / 3)
