"""Read files with one fault each, told nothing, beside what pandas, polars and DuckDB read by themselves.

The files are those of ``tests/pollution.py``, written by us after the kinds of faults of the Pollock
benchmark (VLDB 2023), and so is the score: 10 is a file whose header, records and cells are all read. pandas,
polars (in an environment of its own) and DuckDB read every column as text, as we do, and else by their
defaults; DuckDB is also let to be lenient.
"""

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
from figures import tell
from peers import ROOT, peer_python, run

sys.path.insert(0, str(ROOT / "tests"))

from pollution import KINDS, polluted, read, score

POLARS_PIN = "polars==2.1.0"
POLARS_RUN = """
import sys
from pathlib import Path
import polars
for path in sorted(Path(sys.argv[1]).glob("*.csv")):
    try:
        frame = polars.read_csv(path, infer_schema=False)
        frame.write_parquet(path.with_suffix(".parquet"))
    except Exception as error:
        path.with_suffix(".failed").write_text(str(error))
"""


def of_pandas(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype="str", keep_default_na=False)


def of_duckdb(path: Path, options: str = "") -> pd.DataFrame:
    frame = duckdb.sql(f"SELECT * FROM read_csv('{path}', all_varchar = true{options})").df().fillna("")
    if len(frame) and all(re.fullmatch(r"column\d+", name) for name in frame.columns):
        # It has seen that there is no header line, and names the columns itself.
        frame = frame.iloc[1:].set_axis(frame.iloc[0].to_list(), axis=1)
        frame.attrs["header"] = False
    return frame


def lenient(path: Path) -> pd.DataFrame:
    return of_duckdb(
        path, ", strict_mode = false, null_padding = true, ignore_errors = true, parallel = false"
    )


def of_polars(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path.with_suffix(".parquet")).fillna("")


def attempted(reader: Callable[[Path], pd.DataFrame], path: Path) -> pd.DataFrame | Exception:
    """Read a file; what a reader refuses, it has not read."""
    try:
        frame = reader(path)
    except Exception as error:
        return error
    frame.columns = [str(name) for name in frame.columns]
    return frame


def polars_reads(folder: Path) -> bool:
    """Let polars read all files in an environment of its own; say whether it could be made."""
    try:
        run([peer_python("polars", POLARS_PIN), "-I", "-c", POLARS_RUN, folder])
    except OSError as error:
        print(f"polars: not compared, as it could not be installed or run: {error}")
        return False
    return True


def main() -> None:
    files = [file for kind in KINDS for file in polluted(kind)]
    with tempfile.TemporaryDirectory(prefix="bench-read-") as name:
        folder = Path(name)
        paths = [folder / f"{number:05}.csv" for number in range(len(files))]
        for path, file in zip(paths, files, strict=True):
            path.write_bytes(file.data)
        ours = [score(file, read(file, folder))["score"] for file in files]
        readers = {"pandas": of_pandas, "DuckDB": of_duckdb, "DuckDB, lenient": lenient}
        if polars_reads(folder):
            readers["polars"] = of_polars
        others = {
            peer: [
                score(file, attempted(reader, path))["score"] for file, path in zip(files, paths, strict=True)
            ]
            for peer, reader in readers.items()
        }
    mean = sum(ours) / len(ours)
    tell(f"mean score of {len(files)} files, ours", [mean], least=9.95, unit="of 10")
    for peer, theirs in others.items():
        tell(f"mean score of {len(files)} files, {peer}", [sum(theirs) / len(theirs)], unit="of 10")
        worse = sum(its > own for its, own in zip(theirs, ours, strict=True))
        tell("files that the peer reads better", [worse], peer=peer, most=0, unit="files")


if __name__ == "__main__":
    main()
