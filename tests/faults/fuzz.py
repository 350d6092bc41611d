"""Random tables in random dialects, damaged at random: what a reader must survive.

Run ``python tests/faults/fuzz.py SEED > FILE`` for the file of a seed; its name goes to the error output.
"""

from __future__ import annotations

import gzip
import io
import random
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pollution import Style, write_line

ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
DELIMITERS = [",", ",", ";", ";", "\t", "|", ":", " ", ", ", "||", "::"]
LINE_ENDS = ["\n", "\n", "\r\n", "\r", "\r\r\n"]
ENDINGS = [".csv", ".csv", ".tsv", ".txt", ".csv.gz", ".zip"]
WORDS = [
    "parcel",
    "Lyon",
    "Côte",
    "señal",
    "déjà vu",
    "O'Neill",
    'the "dock"',
    "a, b",
    "x;y",
    "up\ndown",
    "NA",
]


def fuzzed(seed: int) -> tuple[str, bytes]:
    """Give a file name and its content, always the same for a seed."""
    draw = random.Random(seed)
    data = table(draw)
    for _ in range(draw.randrange(5)):
        data = draw.choice(MUTATIONS)(draw, data)
    name = f"extract{draw.choice(ENDINGS)}"
    file = packed(name, data)
    is_packed = name.endswith((".gz", ".zip"))
    return name, draw.choice([cut, flip])(draw, file) if is_packed and draw.random() < 0.1 else file


def packed(name: str, data: bytes) -> bytes:
    """Pack a file as its name says."""
    if name.endswith(".gz"):
        return gzip.compress(data, mtime=0)
    if name.endswith(".zip"):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(zipfile.ZipInfo("extract.csv"), data, zipfile.ZIP_DEFLATED)
        return archive.getvalue()
    return data


def unpacked(name: str, data: bytes) -> bytes | None:
    """Give the content of a packed file; None if it is broken."""
    try:
        if name.endswith(".gz"):
            return gzip.decompress(data)
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return archive.read(archive.namelist()[0])
    except (OSError, EOFError, IndexError, NotImplementedError, RuntimeError, ValueError):
        return None
    except (zipfile.BadZipFile, zlib.error):
        return None
    return data


# ---- A table ----


def table(draw: random.Random) -> bytes:
    """Write a random table in a random dialect and encoding."""
    style = Style(
        draw.choice(DELIMITERS),
        draw.choice(['"', '"', '"', "'"]),
        draw.choice(["doubled", "doubled", "backslash", "bare"]),
        draw.choice(["minimal", "minimal", "all", "none"]),
        draw.choice(LINE_ENDS),
    )
    columns = draw.randrange(1, 11)
    makers = [draw.choice(CELLS) for _ in range(columns)]
    rows = [[make(draw) for make in makers] for _ in range(draw.randrange(60))]
    if draw.random() < 0.8:
        rows.insert(
            0, [f"{draw.choice(['id', 'date', 'name', 'n', ''])}{column}" for column in range(columns)]
        )
    text = "".join(write_line(row, style) + style.line_end for row in rows)
    return text.encode(draw.choice(ENCODINGS))


def number(draw: random.Random) -> str:
    """Give an id with leading zeros."""
    return f"{draw.randrange(10**6):08d}"


def date(draw: random.Random) -> str:
    """Give a date, sometimes with a time."""
    day = f"2026-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
    return day if draw.random() < 0.7 else f"{day} {draw.randrange(24):02d}:{draw.randrange(60):02d}"


def amount(draw: random.Random) -> str:
    """Give an amount with a decimal point or comma, or nothing."""
    text = f"{draw.randrange(-(10**5), 10**6) / 100:.2f}"
    return draw.choice([text, text, text.replace(".", ","), ""])


def words(draw: random.Random) -> str:
    """Give up to four words, some with quotes, delimiters and line ends."""
    return " ".join(draw.choices(WORDS, k=draw.randrange(5)))


CELLS: list[Callable[[random.Random], str]] = [number, date, amount, words]


# ---- Damage ----


def place(draw: random.Random, data: bytes) -> int:
    """Give a position in a file, its end included."""
    return draw.randrange(len(data) + 1)


def put_in(draw: random.Random, data: bytes, choices: list[bytes]) -> bytes:
    """Put up to five of the given pieces in, anywhere."""
    for _ in range(draw.randrange(1, 6)):
        at = place(draw, data)
        data = data[:at] + draw.choice(choices) + data[at:]
    return data


def cut(draw: random.Random, data: bytes) -> bytes:
    """Keep the beginning, or the end."""
    at = place(draw, data)
    return data[:at] if draw.random() < 0.8 else data[at:]


def flip(draw: random.Random, data: bytes) -> bytes:
    """Turn a bit of up to five bytes."""
    changed = bytearray(data)
    for _ in range(draw.randrange(1, 6)):
        if changed:
            changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def insert_marks(draw: random.Random, data: bytes) -> bytes:
    """Put in quotes, delimiters and backslashes."""
    return put_in(draw, data, [b'"', b'"', b"'", b",", b";", b"\t", b"|", b"\\"])


def insert_line_ends(draw: random.Random, data: bytes) -> bytes:
    """Put in line ends."""
    return put_in(draw, data, [b"\n", b"\r\n", b"\r", b"\n\n\n"])


def insert_noise(draw: random.Random, data: bytes) -> bytes:
    """Put in NULs and other bytes that are no text."""
    return put_in(draw, data, [b"\0", b"\0\0\0\0", draw.randbytes(1), draw.randbytes(20)])


def delete_marks(draw: random.Random, data: bytes) -> bytes:
    """Take out some quotes, delimiters or line ends."""
    marks = draw.choice([b"\"'", b",;\t|", b"\r\n"])
    share = draw.choice([0.02, 0.2, 1.0])
    return bytes(byte for byte in data if byte not in marks or draw.random() >= share)


def shuffle_lines(draw: random.Random, data: bytes) -> bytes:
    """Bring the lines out of order."""
    lines = data.split(b"\n")
    draw.shuffle(lines)
    return b"\n".join(lines)


def repeat_block(draw: random.Random, data: bytes) -> bytes:
    """Write a part twice or three times."""
    first, last = sorted((place(draw, data), place(draw, data)))
    return data[:last] + data[first:last] * draw.randrange(1, 3) + data[last:]


def huge_line(draw: random.Random, data: bytes) -> bytes:
    """Put in a very long cell, or very many cells."""
    pieces = [b"x" * 200_000, b"word " * 20_000, b'"' * 999, b'"a' * 5_000, b"1," * 2_000, b";" * 2_000]
    return put_in(draw, data, [draw.choice(pieces)])[: 1 << 20]


def mixed_encodings(draw: random.Random, data: bytes) -> bytes:
    """Put in text of another encoding."""
    return put_in(draw, data, ["déjà,Côte;señal\n".encode(codec) for codec in set(ENCODINGS)])


def text_around(draw: random.Random, data: bytes) -> bytes:
    """Put lines of text above and below."""
    above = draw.choice([b"Report, January\n", b"Report\n\n", b"# by hand\n", b""])
    return above + data + draw.choice([b"\nTotal: 12\n", b"end of file\n", b"\n\na,b\n1,2\n", b""])


MUTATIONS: list[Callable[[random.Random, bytes], bytes]] = [
    cut,
    flip,
    insert_marks,
    insert_line_ends,
    insert_noise,
    delete_marks,
    shuffle_lines,
    repeat_block,
    huge_line,
    mixed_encodings,
    text_around,
]


if __name__ == "__main__":
    name, data = fuzzed(int(sys.argv[1]))
    sys.stderr.write(f"{name}\n")
    sys.stdout.buffer.write(data)
