"""What keeps a workbook from running is named, each with its fix; nothing is started or written."""

import json
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import xlsxwriter
from commands import command
from small_workbook import make_workbook, put_notebooks, rows

from tallysheet.doctor import examine


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    """Make a workbook in which nothing is wrong, and stand in it."""
    make_workbook(tmp_path, rows(2))
    put_notebooks(tmp_path, "Which")
    (tmp_path / "reports").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wrong(root: Path) -> dict[str, tuple[str, str]]:
    """Give what is to be mended: what was found, and how to mend it."""
    return {check.what: (check.found, check.do) for check in examine(root / "data") if not check.is_well}


def files(root: Path) -> set[Path]:
    return set(root.rglob("*"))


def test_nothing_is_wrong_and_nothing_is_written(workbook):
    """Each thing is named with what was found."""
    before = files(workbook)
    found = {check.what: check.found for check in examine(workbook / "data")}

    assert wrong(workbook) == {}
    assert found["extract parcels"] == "1 of raw/parcels.csv"
    assert found["notebooks"] == "2 in the schedule"
    assert found["clean tables"] == "none yet; the first report makes them"
    assert files(workbook) == before


def test_an_extract_that_is_missing_or_empty(workbook):
    """Where it is looked for, and what can be done."""
    raw = workbook / "data" / "raw" / "parcels.csv"
    raw.write_text("")
    assert wrong(workbook)["extract parcels"][0] == "empty: parcels.csv"

    raw.unlink()
    found, do = wrong(workbook)["extracts"]
    assert found.startswith("none in ")
    assert "tallysheet sample" in do

    shutil.copytree(workbook / "data/sources/parcels", workbook / "data/sources/more")
    told = workbook / "data/sources/more/source.toml"
    told.write_text(told.read_text().replace("parcels.csv", "more.csv"))
    settings = workbook / "data" / "workbook.toml"
    settings.write_text(settings.read_text().replace('["parcels"]', '["parcels", "more"]'))
    raw.write_text("parcel\n1\n")
    found, do = wrong(workbook)["extract more"]
    assert found == "none like raw/more.csv"
    assert "take more out of sources in workbook.toml" in do


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_an_extract_that_is_cut_off(workbook, kind):
    """Of a file whose end says what is in it that is seen at once; a whole one is well."""
    told = workbook / "data/sources/parcels/source.toml"
    told.write_text(told.read_text().replace("parcels.csv", f"parcels.{kind}"))
    (workbook / "data" / "raw" / "parcels.csv").unlink()
    path = workbook / "data" / "raw" / f"parcels.{kind}"
    if kind == "parquet":
        pd.DataFrame({"parcel": ["1"] * 999}).to_parquet(path)
    else:
        with xlsxwriter.Workbook(path) as book:
            book.add_worksheet().write_column(0, 0, ["parcel", *map(str, range(999))])
    assert wrong(workbook) == {}

    path.write_bytes(path.read_bytes()[:-100])
    found, do = wrong(workbook)["extract parcels"]
    assert found == f"damaged: parcels.{kind}"
    assert do == "Extract it again, or move it out of the folder."


def test_a_kernel_of_another_python(workbook, monkeypatch):
    """One of the same name that stands before ours."""
    folder = workbook / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {
        "argv": ["/opt/other/bin/python", "-m", "ipykernel_launcher"],
        "display_name": "x",
        "language": "python",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(workbook / "jupyter"))

    found, do = wrong(workbook)["kernel"]
    assert found == "/opt/other/bin/python"
    assert f"jupyter kernelspec remove python3 (it stands in {folder})" in do


def test_a_notebook_that_names_another_kernel(workbook):
    """As JupyterLab writes it once a person has chosen one."""
    path = workbook / "notebooks" / "20_other.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec.name = "conda-env-mine-py"
    nbformat.write(notebook, path)

    found, do = wrong(workbook)["notebook 20_other"]
    assert found == "kernel conda-env-mine-py"
    assert "Change Kernel" in do


def test_packages_of_other_versions_than_locked(workbook):
    """The environment is older than the lock; what is locked for other systems alone does not count."""
    lock = workbook / "requirements.lock"
    lock.write_text("pandas==0.1.0\nno-such-package==1.0\n# a remark\n")
    found, do = wrong(workbook)["versions"]

    assert found.startswith("other than locked: pandas ")
    assert "requirements.lock" in do
    lock.write_text(f"pandas=={__import__('pandas').__version__}\n")
    assert "versions" not in wrong(workbook)


def test_a_library_that_is_not_the_workbooks_own(workbook):
    """Another clone's command was started here."""
    (workbook / "lib" / "tallysheet").mkdir(parents=True)

    assert str(workbook / ".venv" / "bin" / "tallysheet") in wrong(workbook)["library"][1]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("workbook.toml", "sources = [", "workbook.toml"),
        ("actions.csv", "kpi\notd\n", "actions.csv"),
        ("rebases.csv", "kpi,week,reason,author\notd,W1,why,Ben\n", "rebases.csv, row 1, week"),
        ("clean/ledger.json", "{", "clean tables"),
    ],
)
def test_what_is_written_wrong(workbook, name, text, what):
    """The error that a report would end in."""
    path = workbook / "data" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)

    (told,) = wrong(workbook)
    assert told.endswith(what)


def test_a_file_that_no_source_takes(workbook):
    """It would not count, and nobody would know."""
    (workbook / "data" / "raw" / "parcels (1).csv").write_text("x\n1\n", encoding="utf-8")

    (told,) = wrong(workbook).values()
    assert told[0] == "1 that no source takes: parcels (1).csv"


def test_a_notebook_that_the_schedule_names_and_is_not_there(workbook):
    """As after a notebook was renamed."""
    (workbook / "notebooks" / "20_other.ipynb").unlink()

    assert "20_other" in wrong(workbook)["notebooks"][0]


def test_there_is_no_workbook(tmp_path, monkeypatch):
    """Here or above."""
    monkeypatch.chdir(tmp_path)
    (told,) = [check for check in examine() if not check.is_well]

    assert told.what == "data folder data"
    assert "--data" in told.do


def test_the_command_says_a_line_each_and_ends_in_1_if_something_is_wrong(workbook):
    """For a person, and for a script."""
    well = command(workbook, "doctor")
    (workbook / "data" / "raw" / "parcels.csv").unlink()
    ill = command(workbook, "doctor")

    assert (well.returncode, well.stderr) == (0, "")
    assert all(line.startswith("ok ") for line in well.stdout.splitlines())
    assert (ill.returncode, ill.stderr) == (1, "")
    assert [line for line in ill.stdout.splitlines() if line.startswith("!! ")] == [
        f"!!  extracts: none in {workbook / 'data' / 'raw'}. "
        "Put yours there, or run tallysheet sample to have some to try it on."
    ]
