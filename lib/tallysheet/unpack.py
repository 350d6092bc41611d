"""From the file that was dropped to one that can be read: checked, unpacked, in UTF-8."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from tallysheet.errors import DataError

DELIMITED = (".csv", ".tsv", ".txt")
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
READABLE = (*DELIMITED, *(f"{suffix}.gz" for suffix in DELIMITED), ".zip", *SPREADSHEETS, ".parquet")

_MAX_UNPACKED_BYTES = 8 << 30
_MAX_RATIO = 1000
_SMALL_BYTES = 64 << 20
_BLOCK = 1 << 18

DAMAGED = (
    zipfile.BadZipFile,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
"""What gzip and zipfile raise, beside OSError, where bytes are not as they were written."""


def told(error: BaseException) -> str:
    """Say in one short line what an error says, or its name if it says nothing."""
    return " ".join(str(error).split())[:200] or type(error).__name__


@dataclass(frozen=True)
class Fingerprint:
    """What tells one version of a file from another while it is read."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """Look at a file without opening it."""
        status = path.stat()
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


def check_file(path: Path) -> None:
    """Refuse what is not a regular file of a kind that can be read; nothing is opened.

    Raises
    ------
    DataError
        There is none, it is a folder, pipe or device (also behind a link), or of an unknown kind.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(str(path), "a file", "none", "Check the name.") from None
    except (OSError, ValueError) as error:
        raise DataError(str(path), "a file", told(error), "Check the name and its permissions.") from None
    if not stat.S_ISREG(mode):
        raise DataError(str(path), "a regular file", "something else", "Put the extract itself there.")
    if not path.name.lower().endswith(READABLE):
        kinds = ", ".join(READABLE)
        raise DataError(str(path), f"a file of kind {kinds}", repr(path.suffix), "Export it as CSV.")


def is_beside(name: str) -> bool:
    """Tell whether a file is what a program puts beside another: macOS what it keeps of it, Excel its lock.

    Examples
    --------
    >>> is_beside("__MACOSX/parcels.csv"), is_beside("raw/._parcels.csv"), is_beside("~$parcels.xlsx")
    (True, True, True)
    """
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(("._", "~$"))


def refuse_utf_32(path: Path, plain: Path) -> None:
    """Refuse a text of which each letter takes four bytes; ``plain`` is what ``path`` holds, unpacked.

    Raises
    ------
    DataError
        It is such.
    """
    with plain.open("rb") as file:
        beginning = file.read(64)
    beginning = beginning[: len(beginning) // 4 * 4]
    # The upper two of four bytes say nothing of the letters that a table begins with.
    high = (beginning[0::4] + beginning[1::4], beginning[2::4] + beginning[3::4])
    if any(beginning) and not all(any(two) for two in high):
        expected = "a text in UTF-8, UTF-16 or a Windows code page"
        raise DataError(str(path), expected, "UTF-32", "Save it as UTF-8.")


def sha256(path: Path) -> str:
    """Fingerprint a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count_lines(path: Path) -> int | None:
    """Count the lines of a text file, also a last one without an end; None where they end in several ways."""
    count, returns, pairs, last = 0, 0, 0, ord("\n")
    block = bytearray(_BLOCK)
    figures = np.frombuffer(block, np.uint8)
    with path.open("rb", buffering=0) as file:
        # numpy counts three times faster than bytes.count where lines are short.
        while size := file.readinto(block):
            pairs += last == ord("\r") and block[0] == ord("\n")
            count += int(np.count_nonzero(figures[:size] == ord("\n")))
            found = block.count(b"\r", 0, size)
            returns += found
            pairs += block.count(b"\r\n", 0, size) if found else 0
            last = block[size - 1]
    is_one_way = returns == pairs and pairs in (0, count)
    return count + bool(last != ord("\n")) if is_one_way else None


def ends_open(path: Path) -> bool:
    """Say whether the last line has no line end."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4))
        return not file.read().rstrip(b"\x00").endswith((b"\n", b"\r"))


def unpacked(path: Path, folder: Path) -> Path:
    """Give the file itself, or what is packed in it as a file in ``folder``.

    Raises
    ------
    DataError
        A gz or zip is cut or corrupt, holds more or fewer than one table, or unpacks to more than
        8 GiB or to 1,000 times its size.
    """
    suffix = path.suffix.lower()
    if suffix not in (".gz", ".zip"):
        return path
    try:
        if suffix == ".gz":
            plain = folder / f"unpacked{Path(path.stem).suffix.lower()}"
            with gzip.open(path) as packed:
                _copy(packed, plain, path)
            return plain
        with zipfile.ZipFile(path) as archive:
            member = _only_table(archive, path)
            # Its own name is not used, so that a member called ../x cannot leave the folder.
            plain = folder / f"member{Path(member.filename).suffix.lower()}"
            with archive.open(member) as packed:
                _copy(packed, plain, path)
            return plain
    except (*DAMAGED, OSError) as error:
        # Only what the system refuses has a number: no room in the folder, no right to read.
        if isinstance(error, OSError) and error.errno:
            raise DataError(
                str(path), "room to unpack it", told(error), "Check disk and permissions."
            ) from None
        kind = suffix.lstrip(".")
        raise DataError(str(path), f"a whole {kind} file", told(error), "Extract it again.") from None


def _only_table(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    readable = (*DELIMITED, *SPREADSHEETS, ".parquet")
    tables = [
        info
        for info in archive.infolist()
        if info.filename.lower().endswith(readable) and not is_beside(info.filename)
    ]
    if len(tables) != 1:
        raise DataError(str(path), "one table in the zip", f"{len(tables)}", "Put one table in each zip.")
    return tables[0]


def _copy(packed: IO[bytes] | gzip.GzipFile, plain: Path, path: Path) -> None:
    """Unpack in blocks, and stop where a file unpacks to more than anybody means."""
    limit = min(_MAX_UNPACKED_BYTES, max(_SMALL_BYTES, _MAX_RATIO * path.stat().st_size))
    written = 0
    with plain.open("wb") as file:
        while block := packed.read(_BLOCK):
            written += len(block)
            if written > limit:
                raise DataError(str(path), f"{limit} bytes unpacked at most", "more", "Split it.")
            file.write(block)


def in_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """Give a text file in UTF-8: itself, or a copy in ``folder``."""
    if encoding in ("utf-8", "utf-8-sig"):
        return path
    copy = folder / f"utf8{path.suffix}"
    with open_text(path, encoding) as text, copy.open("w", encoding="utf-8", newline="") as file:
        shutil.copyfileobj(text, file, _BLOCK)
    return copy


def _as_windows(error: UnicodeError) -> tuple[str | bytes, int]:
    """Read a byte that its encoding does not have as Windows does, or as Latin-1, which has them all.

    A letter that was read so is written as that byte again.
    """
    if isinstance(error, UnicodeEncodeError):
        return error.object[error.start : error.end].encode("latin-1"), error.end
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    if error.encoding.startswith("utf-16") or error.encoding.startswith("utf_16"):
        return "\ufffd", error.end
    try:
        return wrong.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return wrong.decode("latin-1"), error.end


codecs.register_error("tallysheet.windows", _as_windows)


def open_text(path: Path, encoding: str) -> IO[str]:
    """Open a text with its line ends as they stand; a byte not of its encoding is read as Windows does."""
    return path.open(encoding=encoding, errors="tallysheet.windows", newline="")


def lines_of(path: Path, encoding: str) -> Iterator[str]:
    """Give the lines of a text with their ends; CR CR LF is one end."""
    held = ""
    with open_text(path, encoding) as file:
        for line in file:
            if held and line == "\r\n":
                yield held + line
                held = ""
                continue
            if held:
                yield held
                held = ""
            if line.endswith("\r"):
                held = line
            else:
                yield line
    if held:
        yield held
