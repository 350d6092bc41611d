"""Many extracts: those that are alike are checked in one query, as if each had been checked by itself."""

import pandas as pd
import pytest
from dirt import Loaded, load

from tallysheet import loading
from tallysheet.errors import DataError

CLAIMS = """
table = "claims"

[[file]]
name = "claims"
path = "raw/claims_%Y%m%d.csv"
"""

HEADER = "claim_id,opened_at,amount_claimed_cents,reject_reason\n"
DAYS = ["20260105", "20260112", "20260119"]


def claims(day: str, count: int = 1_500) -> list[str]:
    """Give lines of a file; always the same for a day."""
    opened = f"{day[:4]}-{day[4:6]}-{day[6:]} 10:00:00"
    return [f'{day}-{number},{opened},{1_000 + number},"late, or lost"\n' for number in range(count)]


def written(**changes: list[str]) -> dict[str, str]:
    """Give three files, some with other lines."""
    return {f"claims_{day}.csv": HEADER + "".join(changes.get(f"d{day}", claims(day))) for day in DAYS}


@pytest.fixture
def together(monkeypatch):
    """List the sizes of the batches that were checked in one query."""
    sizes = []

    def counted(source, batch):
        sizes.append(len(batch))
        return check(source, batch)

    check = loading.check_alike
    monkeypatch.setattr(loading, "check_alike", counted)
    return sizes


def all_of(loaded: Loaded) -> list[object]:
    """Give all that a load gives, in an order of its own."""
    rows = loaded.select("SELECT * FROM claims")
    shown = loaded.ledger.files.drop(columns="loaded_at").to_numpy().tolist()
    return [rows, loaded.refused, loaded.notes, shown, loaded.ledger.reasons.to_numpy().tolist()]


def damaged() -> dict[str, str]:
    """Give files that are even, with cells that are refused on known lines."""
    first, second = claims(DAYS[0]), claims(DAYS[1], 700)
    first[9] = "X1,soon,5,\n"
    second[650] = f"{DAYS[1]}-650,2026-01-12 10:00:00,many,\n"
    return written(d20260105=first, d20260112=second)


def test_extracts_that_are_alike_are_checked_together(tmp_path, together):
    """Each refused cell keeps its file and line; rows are counted file by file."""
    loaded = load(tmp_path, damaged(), claims=CLAIMS)

    assert together == [3]
    assert loaded.counts == {
        "claims_20260105.csv": (1500, 1499, 1, 0),
        "claims_20260112.csv": (700, 700, 0, 0),
        "claims_20260119.csv": (1500, 1500, 0, 0),
    }
    assert loaded.refused == [
        ("claims_20260105.csv", 11, "opened_at", "soon", "type", False),
        ("claims_20260112.csv", 652, "amount_claimed_cents", "many", "type", True),
    ]


def test_together_and_by_itself_an_extract_gives_the_same(tmp_path, together, monkeypatch):
    """Rows, refusals, notes, counts."""
    by_batch = all_of(load(tmp_path / "together", damaged(), claims=CLAIMS))
    monkeypatch.setattr(loading, "_MOST_FILES", 1)
    by_itself = all_of(load(tmp_path / "alone", damaged(), claims=CLAIMS))

    assert together == [3]
    assert by_batch == by_itself


@pytest.mark.slow
@pytest.mark.parametrize(
    ("middle", "rows"),
    [
        (['{},2026-01-12 10:00:00,5,"late\nor lost"\n'], 1501),
        (["{},2026-01-12 10:00:00,5,late\n", "\n"], 1501),
        (['{},2026-01-12 10:00:00,5,"late\ror lost"\n'], 1501),
        (['{},2026-01-12 10:00:00,5,"late" or lost\n'], 1501),
        (["{},2026-01-12 10:00:00,5\n"], 1501),
        (["{},2026-01-12 10:00:00,5,late,lost\n"], 1501),
    ],
    ids=[
        "a line end in a cell",
        "a blank line",
        "a CR in a cell",
        "a broken quote",
        "a cell less",
        "a cell more",
    ],
)
def test_one_that_is_not_as_even_as_it_looks_is_read_line_by_line(
    tmp_path, together, monkeypatch, middle, rows
):
    """What stands far from its ends shows when it is read; nothing is lost, and lines stay right."""
    lines = claims(DAYS[1])
    lines[800:800] = [line.format("odd") for line in middle]
    lines[-100] = "last,soon,5,\n"
    files = written(d20260112=lines)

    loaded = load(tmp_path / "together", files, claims=CLAIMS)
    monkeypatch.setattr(loading, "look", lambda *_: None)
    by_itself = load(tmp_path / "alone", files, claims=CLAIMS)

    assert loaded.counts["claims_20260112.csv"][0] == rows
    assert all_of(loaded) == all_of(by_itself)


def test_a_note_below_a_long_even_table_is_no_row(tmp_path):
    """It has as many cells as a row, and stands behind what the beginning shows."""
    files = written(d20260119=[*claims(DAYS[2]), "End of the list,,,\n"])

    loaded = load(tmp_path, files, claims=CLAIMS)

    assert loaded.counts["claims_20260119.csv"] == (1500, 1500, 0, 0)
    assert ("claims_20260119.csv", "footnote", "End of the list") in loaded.notes


def test_of_several_extracts_the_broken_ones_are_named(tmp_path):
    """One that lacks a column and one that is no text; the whole ones are not."""
    files = written()
    files["claims_20260105.csv"] = files["claims_20260105.csv"].replace("claim_id", "claim")
    files["claims_20260119.csv"] = "\n\n"

    with pytest.raises(DataError) as caught:
        load(tmp_path, files, claims=CLAIMS)

    assert "claims_20260105.csv" in str(caught.value)
    assert "claims_20260119.csv" in str(caught.value)
    assert "claims_20260112.csv" not in str(caught.value)
    assert not list((tmp_path / "data").rglob("*.part"))


def test_parquet_files_are_checked_together_where_their_types_agree(tmp_path, together):
    """A number is written as its type writes it; a damaged file is named."""
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    for position, day in enumerate([*DAYS, "20260126"]):
        amount = pd.Series([100, 200], dtype="int64" if position < 3 else "float64")
        frame = pd.DataFrame({"claim_id": [f"{day}-1", f"{day}-2"], "amount_claimed_cents": amount})
        frame.assign(opened_at=pd.Timestamp(day)).to_parquet(raw / f"claims_{day}.parquet")
    source = CLAIMS.replace(".csv", ".parquet")

    loaded = load(tmp_path, {}, claims=source)

    assert together == [3]
    assert loaded.select("SELECT sum(amount_claimed_cents) FROM claims") == [(900,)]
    assert {(row[0], row[1], row[3]) for row in loaded.refused} == {
        ("claims_20260126.parquet", 2, "100.0"),
        ("claims_20260126.parquet", 3, "200.0"),
    }

    whole = (raw / "claims_20260112.parquet").read_bytes()
    (raw / "claims_20260112.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"claims_20260112\.parquet: expected a readable table"):
        load(tmp_path, {}, claims=source)


def test_an_extract_that_is_new_is_checked_and_no_other(tmp_path, together):
    """Those of the last load keep their checked files, also those that were checked together."""
    load(tmp_path, written(), claims=CLAIMS)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "data/clean/checked").glob("*.parquet")}

    loaded = load(tmp_path, {"claims_20260126.csv": HEADER + "N1,2026-01-26 10:00:00,7,\n"}, claims=CLAIMS)

    assert together == [3]
    assert len(loaded.ledger.files) == 4
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "data/clean/checked").glob("*.parquet")}
    assert len(kept) == 4
    assert stamps.items() <= kept.items()


def test_an_extract_that_goes_away_while_others_are_read_is_one_that_changes(tmp_path, monkeypatch):
    """It is looked for again, and the load goes on with what is there."""
    look, gone = loading.look, tmp_path / "data" / "raw" / "claims_20260112.csv"

    def looked(path, name, form):
        gone.unlink(missing_ok=True)
        return look(path, name, form)

    monkeypatch.setattr(loading, "look", looked)

    loaded = load(tmp_path, written(), claims=CLAIMS)

    assert list(loaded.counts) == ["claims_20260105.csv", "claims_20260119.csv"]


def test_each_row_of_a_large_extract_keeps_its_line(tmp_path, together):
    """DuckDB reads it by several threads, each some megabytes of it; each hundredth amount names its line."""
    amounts = (f"line {line}" if line % 100 == 0 else str(line) for line in range(2, 250_002))
    lines = [f"C{amount},2026-01-05 10:00:00,late,{amount},{'.' * 60}\n" for amount in amounts]
    text = "claim_id,opened_at,claim_type,amount_claimed_cents,reject_reason\n" + "".join(lines)

    loaded = load(tmp_path, {"claims_20260105.csv": text}, claims=CLAIMS)

    assert not together
    assert [(line, value) for _, line, _, value, _, _ in loaded.refused] == [
        (line, f"line {line}") for line in range(100, 250_002, 100)
    ]
