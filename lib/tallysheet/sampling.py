"""Start the simulated marketplace, which is a program of its own, and lay its workbook beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tallysheet.errors import UsageError
from tallysheet.settings import find_data


def make_sample(
    out: Path, *, size: str, seed: int, events: Path | None, weeks: str, told: Callable[[str], None]
) -> Path:
    """Write the extracts of a scenario into ``out/raw`` and its truth into ``out/truth``.

    Parameters
    ----------
    out : Path
        A data folder. One without workbook.toml gets that of the sample, and its sources.
    size : str
        S, M, L, or parcels a week.
    seed : int
    events : Path or None
        Scenario; None: the sample's own, sample/events.toml.
    weeks : str
        First and last ISO week, with a colon between.
    told : callable
        Told of each month as it is played.

    Returns
    -------
    Path
        The folder of the extracts.

    Raises
    ------
    UsageError
        There are extracts already, the folder cannot be used, or the scenario cannot be played.
    """
    data = _of_the_sample()
    raw = out / "raw"
    if raw.is_dir() and any(raw.iterdir()):
        advice = "Move what is there, or name another folder with --out."
        raise UsageError(str(raw), "no extracts there", "some", advice)
    command = [sys.executable, "-m", "marketplace", "--out", str(out), "--size", size, "--seed", str(seed)]
    command += ["--events", str(events or data / "sample" / "events.toml"), "--weeks", weeks]
    with tempfile.TemporaryDirectory(prefix="tallysheet-") as folder:
        spellings = Path(folder) / "values.toml"
        _play([*command, "--spellings", str(spellings)], told)
        if not (out / "workbook.toml").is_file():
            shutil.copytree(data / "sources", out / "sources", dirs_exist_ok=True)
            shutil.copy(spellings, out / "sources")
            shutil.copy(data / "workbook.toml", out)
    return raw


def _of_the_sample() -> Path:
    """Find the data folder with a scenario and its sources: here or above, else beside the library."""
    with suppress(UsageError):
        here = find_data()
        if (here / "sample").is_dir():
            return here
    own = Path(__file__).parents[2] / "data"
    if not (own / "sample").is_dir():
        advice = "Go to the folder of tallysheet's repository, and name yours with --out."
        raise UsageError("sample", "data/sample, here or in a folder above", "none", advice)
    return own


def _play(command: list[str], told: Callable[[str], None]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as playing:
        for line in playing.stdout or ():
            told(line.strip())
        error = playing.stderr.read() if playing.stderr else ""
    if playing.returncode:
        found = error.strip().splitlines()[-1] if error.strip() else f"exit code {playing.returncode}"
        found = found.removeprefix("marketplace: ")
        if found.startswith("[Errno "):
            expected, advice = "a folder and a scenario that can be used", "Look at --out and --events."
            raise UsageError("sample", expected, found, advice)
        raise UsageError("sample", "a scenario that can be played", found, "Correct it.")
