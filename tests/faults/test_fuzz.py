"""Damaged files are read or refused, in time, and what is read is whole."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz import fuzzed, unpacked
from pollution import everything, lost_text

import tallysheet as ts
from tallysheet.errors import DataError

pytestmark = [pytest.mark.fault, pytest.mark.slow]

SEEDS = 10_000 if os.environ.get("TALLYSHEET_SOAK") == "1" else 300
BLOCKS = 10
PATIENCE_S = 20
"""CPU seconds: other work on the machine must not make a file slow."""
HANG_S = 60


class TooSlow(BaseException):
    """Out of time; not an Exception, so that no reader takes it for its own."""


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise TooSlow if the block takes longer."""

    def stop(*_: object) -> None:
        raise TooSlow

    before = {sign: signal.signal(sign, stop) for sign in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    # One that waits uses no CPU.
    signal.alarm(HANG_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for sign, handler in before.items():
            signal.signal(sign, handler)


def problem(seed: int, folder: Path) -> str:
    """Say what is wrong with how the file of a seed is read; nothing if it is read whole or refused."""
    name, data = fuzzed(seed)
    path = folder / name
    path.write_bytes(data)
    try:
        with at_most(PATIENCE_S):
            frame = ts.read_text_table(path)
    except DataError:
        return ""
    except TooSlow:
        return f"took more than {PATIENCE_S} s"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    plain = unpacked(name, data)
    if plain is None:
        return "a broken archive was read"
    if not all(isinstance(text, str) for text in everything(frame)):
        return "a cell that is no text"
    lost = lost_text(plain, frame)
    return f"lost {len(lost)} words: {lost[:5]}" if lost else ""


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_damaged_file_is_read_whole_or_refused(tmp_path, block):
    """No crash, no hang, no row lost; `python tests/faults/fuzz.py SEED` gives the file."""
    found = {seed: problem(seed, tmp_path) for seed in range(block, SEEDS, BLOCKS)}
    wrong = [f"seed {seed}: {text}" for seed, text in found.items() if text]

    assert not wrong, "\n".join(wrong)


def test_a_seed_always_gives_the_same_file():
    """A failure can be repeated."""
    assert [fuzzed(seed) for seed in range(20)] == [fuzzed(seed) for seed in range(20)]


def test_the_files_are_of_every_kind():
    """Plain and packed, whole and broken, tiny and large."""
    files = [fuzzed(seed) for seed in range(300)]
    plain = [unpacked(name, data) for name, data in files]
    sizes = [len(data) for data in plain if data is not None]

    assert {name.partition(".")[2] for name, _ in files} == {"csv", "tsv", "txt", "csv.gz", "zip"}
    assert None in plain
    assert min(sizes) < 10
    assert max(sizes) > 500_000
