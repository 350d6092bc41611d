"""What is remembered of files: read again when the system saw them change, or when everything is to be."""

import hashlib
import json
import os
import time

import pytest

from tallysheet import digests
from tallysheet.digests import Digests

LATER_NS = 5_000_000_000
"""Files count as settled five seconds after they were written; the tests do not wait so long."""


@pytest.fixture
def file(tmp_path):
    """Give a file of five bytes."""
    path = tmp_path / "extract.csv"
    path.write_bytes(b"first")
    return path


@pytest.fixture
def read(monkeypatch):
    """Let five seconds have passed, and tell which files are read."""
    told = []
    real_now, real_sha256 = time.time_ns, digests.sha256

    def counted(path):
        told.append(path.name)
        return real_sha256(path)

    monkeypatch.setattr(digests, "sha256", counted)
    monkeypatch.setattr(digests.time, "time_ns", lambda: real_now() + LATER_NS)
    return told


def digest_of(file, reads_again=False) -> str:
    """Ask for a file's digest, as one load does."""
    asked = Digests(file.with_name("digests.json"), reads_again=reads_again)
    found = asked.of(file)
    asked.remember()
    return found


FIRST, OTHER = (hashlib.sha256(text).hexdigest() for text in (b"first", b"other"))


def test_a_file_at_rest_is_read_once(file, read):
    assert [digest_of(file), digest_of(file), digest_of(file)] == [FIRST] * 3
    assert read == ["extract.csv"]


@pytest.mark.parametrize("change", ["in place", "in place, with its old time", "another in its place"])
def test_a_file_that_was_touched_is_read_again(file, read, change):
    """Also where its size and its own time are as before."""
    digest_of(file)
    before = file.stat()
    if change == "another in its place":
        other = file.with_name("other")
        other.write_bytes(b"other")
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(file)
    else:
        file.write_bytes(b"other")
    if change == "in place, with its old time":
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert digest_of(file) == OTHER


def test_whoever_must_be_sure_reads_again(file, read):
    """A bit that rots on the disk changes no time; here what is remembered is off instead."""
    digest_of(file)
    remembered = file.with_name("digests.json")
    remembered.write_text(remembered.read_text().replace(FIRST, OTHER), encoding="utf-8")

    assert digest_of(file) == OTHER
    assert digest_of(file, reads_again=True) == FIRST
    assert digest_of(file) == FIRST
    assert read == ["extract.csv"] * 2


def test_whoever_must_be_sure_reads_for_the_others(file, read):
    """What a load has read need not be read again by those who open a week."""
    assert [digest_of(file, reads_again=True), digest_of(file)] == [FIRST] * 2
    assert read == ["extract.csv"]


def test_a_file_that_was_just_written_is_not_remembered(file):
    """Within one tick of the clock it may change once more and bear the same time."""
    digest_of(file)

    assert not file.with_name("digests.json").exists()


def test_a_file_that_is_gone_is_forgotten(file, read):
    other = file.with_name("other.csv")
    other.write_bytes(b"other")
    asked = Digests(file.with_name("digests.json"), reads_again=False)
    asked.of(file)
    asked.of(other)
    asked.remember()
    other.unlink()
    digest_of(file)

    assert list(json.loads(file.with_name("digests.json").read_text())) == [str(file)]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}', "\x00"])
def test_what_cannot_be_read_is_not_remembered(file, read, text):
    file.with_name("digests.json").write_text(text, encoding="utf-8")

    assert digest_of(file) == FIRST
