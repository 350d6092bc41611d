"""What runs have made: each page with its files in the run's folder, and a note of what it was made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tallysheet.files import read_sealed, write_bytes, write_sealed

_NOTE = ".made.json"


@dataclass(frozen=True)
class Made:
    """A page as a run made it.

    Parameters
    ----------
    key : str
        Fingerprint of what it was made of.
    run : str
        Name of the run.
    files : dict of str to str
        Path in the week's folder to SHA-256: the page first, then what stands beside it.
    seconds : float
        How long its notebook ran.
    """

    key: str
    run: str
    files: dict[str, str]
    seconds: float


def keep_made(run: Path, key: str, files: Mapping[str, bytes], seconds: float) -> Made:
    """Keep a page and its files in the run's folder; the note comes last, so that what it names is whole."""
    for file, content in files.items():
        write_bytes(run / file, content)
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    made = Made(key, run.name, digests, seconds)
    note = json.dumps(asdict(made), indent=1) + "\n"
    write_sealed(run / f"{next(iter(files))}{_NOTE}", lambda part: part.write_text(note, encoding="utf-8"))
    return made


def find_made(runs: Path, keys: Collection[str]) -> dict[str, Made]:
    """Find pages that earlier runs, finished or not, made of the very same things; the newest counts.

    Parameters
    ----------
    runs : Path
        The folder of a week's runs.
    keys : collection of str

    Returns
    -------
    dict of str to Made
        By key; what is not as it was written is left out, and so are notes of another version, whose keys
        are others.
    """
    found: dict[str, Made] = {}
    for path in sorted(runs.glob(f"*/**/*{_NOTE}"), reverse=True):
        content = read_sealed(path)
        note = json.loads(content) if content else {"key": None}
        if note["key"] not in keys or note["key"] in found:
            continue
        made = Made(**note)
        if is_whole(runs / made.run, made):
            found[made.key] = made
    return found


def is_whole(folder: Path, made: Made) -> bool:
    """Tell whether a folder holds all files of a page as they were made."""
    paths = {folder / file: digest for file, digest in made.files.items()}
    return all(
        path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest
        for path, digest in paths.items()
    )
