# SPDX-License-Identifier: Apache-2.0
"""Small portraits for the sample university, without an imaging library.

A picture is a mosaic of flat squares of eight pixels.  Such a picture needs
only the constant term of each JPEG block, so the whole encoder (ITU-T T.81,
baseline, JFIF) is one Huffman table and forty lines, and what it writes is
the same bytes everywhere.
"""

import struct

# Initials, five columns by seven rows, one row a number, left column first.
FONT = {
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14), "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31), "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 14), "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14), "J": (7, 2, 2, 2, 2, 18, 12),
    "L": (16, 16, 16, 16, 16, 16, 31), "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17, 17), "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16), "Q": (14, 17, 17, 17, 21, 18, 13),
    "R": (30, 17, 17, 30, 20, 18, 17), "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4), "U": (17, 17, 17, 17, 17, 17, 14),
    "V": (17, 17, 17, 17, 17, 10, 4), "X": (17, 10, 4, 4, 4, 10, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4), "Z": (31, 1, 2, 4, 8, 16, 31),
}
SQUARES = 15
DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)  # T.81 table K.3


def dc_codes():
    """The Huffman code of each size of a difference: size -> (code, bits)."""
    codes, code, size = {}, 0, 0
    for bits, count in enumerate(DC_COUNTS, 1):
        for _ in range(count):
            codes[size] = (code, bits)
            code, size = code + 1, size + 1
        code <<= 1
    return codes


def segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def scan(pixels):
    """The entropy coded data: for each square and component one difference."""
    codes, bits, last = dc_codes(), [], [0, 0, 0]
    for y, cb, cr in pixels:
        for i, value in enumerate((y - 128, cb - 128, cr - 128)):
            diff, last[i] = value - last[i], value
            size = abs(diff).bit_length()
            code, length = codes[size]
            bits.append(format(code, f"0{length}b"))
            if size:
                low = diff if diff > 0 else diff + (1 << size) - 1
                bits.append(format(low, f"0{size}b"))
            bits.append("0")                      # end of block
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8, "big")
    return data.replace(b"\xff", b"\xff\x00")


def encode(pixels, squares):
    """A JFIF file of squares x squares squares, YCbCr triples row by row."""
    side = squares * 8
    parts = [
        b"\xff\xd8",
        segment(0xE0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0102, 0, 1, 1, 0, 0)),
        segment(0xDB, b"\0" + bytes([8] * 64)),
        segment(0xC0, struct.pack(">BHHB", 8, side, side, 3)
                + b"".join(bytes((i, 0x11, 0)) for i in (1, 2, 3))),
        segment(0xC4, b"\x00" + bytes(DC_COUNTS) + bytes(range(12))),
        segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0"),
        segment(0xDA, b"\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"),
        scan(pixels),
        b"\xff\xd9",
    ]
    return b"".join(parts)


def ycbcr(r, g, b):
    y = 0.299 * r + 0.587 * g + 0.114 * b
    cb = 128 + (b - y) * 0.564
    cr = 128 + (r - y) * 0.713
    return tuple(max(0, min(255, round(v))) for v in (y, cb, cr))


def portrait(initials, colour):
    """Two white initials on a ground that darkens downwards."""
    pixels = []
    for row in range(SQUARES):
        shade = 1.1 - 0.35 * row / SQUARES
        ground = ycbcr(*(min(255, c * shade) for c in colour))
        for column in range(SQUARES):
            pixels.append(ycbcr(250, 250, 246)
                          if lit(initials, row - 4, column - 2) else ground)
    return encode(pixels, SQUARES)


def lit(initials, row, column):
    letter, column = (0, column) if column < 6 else (1, column - 6)
    return (0 <= row < 7 and 0 <= column < 5
            and FONT[initials[letter]][row] >> (4 - column) & 1 == 1)
