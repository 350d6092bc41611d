"""Wrong use of the command line: one clear line, exit code 2, nothing written."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import command
from poor_machine import as_owner
from small_workbook import make_workbook, rows

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.fault


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "clean" not in path.parts}


@pytest.fixture
def workbook(tmp_path):
    make_workbook(tmp_path, rows(3))
    (tmp_path / "notebooks").mkdir()
    source = ROOT / "notebooks" / "10_weekly_review.ipynb"
    (tmp_path / "notebooks" / source.name).write_bytes(source.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--week", "2026-17"], "a week such as 2013-W17, found '2026-17'"),
        (["--week", "2025-W53"], "a week of 2025 between W01 and W52, found W53"),
        (["--week", "2027-W01"], "a week between 2026-W02 and 2026-W04, found 2027-W01"),
        (["--base", "last-9"], "a week such as 2013-W17, in explain() also target, found 'last-9'"),
        (["--base", "target"], "expected weeks, found 'target'. Give it to explain() of a KPI that has a"),
        (["--lang", "xx"], "found 'xx'"),
        (["--as-of", "yesterday"], "a day such as 2013-04-29, found 'yesterday'"),
        (["--only", "weakly_review"], "found no weakly_review.ipynb. Did you mean 'weekly_review'?"),
        (["--only", "weekly_review, weakly_review"], "found no weakly_review.ipynb. Did you mean"),
        (["--data", "elsewhere"], "a folder with a workbook.toml"),
        (["--wek", "2026-W02"], "No such option '--wek'"),
    ],
)
def test_a_wrong_option_of_report(workbook, arguments, told):
    """Week, base, language, moment, notebook and folder are checked before anything is written."""
    before = files(workbook)

    result = command(workbook, "report", *arguments)

    assert result.returncode == 2
    assert told in result.stderr
    made_again = ("data/quarantine", "data/cube")
    assert {path for path in files(workbook) - before if not path.startswith(made_again)} == set()


def test_a_workbook_whose_notebooks_are_not_there(workbook):
    """What lists them and where they are looked for is named, not an option that nobody gave."""
    (workbook / "notebooks" / "10_weekly_review.ipynb").unlink()
    done = command(workbook, "report")

    assert done.returncode == 2
    assert done.stderr == (
        f"{workbook / 'data' / 'workbook.toml'}, notebooks: expected a notebook in {workbook / 'notebooks'}, "
        "found no 10_weekly_review.ipynb. None is there: copy those of the repository.\n"
    )


def test_the_package_is_the_command(workbook):
    """Where a schedule or a colleague starts Python's modules by name."""
    words = [sys.executable, "-m", "tallysheet", "load"]
    done = subprocess.run(words, cwd=workbook, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert "Clean tables: data/clean/" in done.stdout


def test_a_missing_or_empty_extract(workbook):
    """The extract is named, and there is no report."""
    raw = workbook / "data" / "raw" / "parcels.csv"
    raw.write_text("", encoding="utf-8")
    empty = command(workbook, "report")
    raw.unlink()
    missing = command(workbook, "report")

    for result, told in ((empty, "an empty file"), (missing, "expected a file, found none")):
        assert result.returncode == 2
        assert "parcels.csv" in result.stderr
        assert told in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
    assert not (workbook / "reports").exists()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"file": "none.csv"}, "none.csv: expected a file, found none"),
        ({"file": "blank.csv"}, "blank.csv: expected a header line and rows, found no filled cell"),
        ({"--html": "data"}, "data: expected a file or folder that can be used, found Is a directory"),
        ({"--week": "2026-W60"}, "between W01 and W53, found W60"),
        ({"--week": "2026-W30"}, "a week between 2026-W02 and 2026-W04"),
        ({"--base": "2019-W01"}, "found 2019-W01"),
        ({"--numerator": "deliverd IS NOT NULL"}, '"delivered"'),
        ({"--denominator": "(SELECT"}, "--denominator: expected a DuckDB expression"),
        ({"--week-of": "carrier"}, "--week-of: expected a DuckDB expression that holds for every row"),
        ({"--by": "carier"}, "Did you mean 'carrier'"),
        ({"--numerator": "(SELECT count(*) FROM read_csv('/etc/passwd'))"}, "expected a DuckDB expression"),
    ],
)
def test_a_wrong_option_of_explain(workbook, changed, told):
    """File, week, base, expressions and columns; SQL in an expression reaches no file."""
    options = {
        "--week-of": "promised",
        "--week": "2026-W04",
        "--base": "previous",
        "--numerator": "delivered <= promised + INTERVAL 20 HOUR",
        "--denominator": "1",
        "--by": "carrier,from",
        "--html": "out.html",
    }
    (workbook / "blank.csv").write_text("\n \n", encoding="utf-8")
    options.update({name: value for name, value in changed.items() if name != "file"})
    words = [word for pair in options.items() for word in pair]

    result = command(workbook, "explain", changed.get("file", "data/raw/parcels.csv"), *words)

    assert result.returncode == 2
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (workbook / "out.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "mode", "arguments"),
    [
        ("notebooks", 0o555, ["new-notebook", "61_late_parcels"]),
        ("data/raw", 0o555, ["forget", "--before", "2026-01-19"]),
        ("data/cube", 0o555, ["status"]),
        ("data/workbook.toml", 0, ["load"]),
        ("data/sources/parcels/source.toml", 0, ["status"]),
        ("data/raw/parcels.csv", 0, ["load"]),
    ],
)
def test_what_may_not_be_read_or_written_to(workbook, name, mode, arguments):
    """One line that names it and says why; all stays as it was."""
    shutil.copy(ROOT / "notebooks" / "_template.ipynb", workbook / "notebooks")
    (workbook / "data" / "cube").mkdir()
    before, there = files(workbook), (workbook / name).stat().st_mode
    command = [sys.executable, "-c", "from tallysheet.cli import main; main()", *arguments]

    (workbook / name).chmod(mode)
    result = as_owner(command, cwd=workbook)
    (workbook / name).chmod(there)

    (line,) = result.stderr.strip().splitlines()
    assert result.returncode == 2
    assert name in line
    assert "expected the right to read or write it, found" in line
    assert line.endswith("Permission denied. Change its permissions.")
    assert {path for path in files(workbook) ^ before if not path.startswith("data/quarantine")} == set()
