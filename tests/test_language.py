"""Numbers, dates and texts as a reader meets them, against Babel's own output."""

import ast
import csv
import datetime as dt
import shutil
from pathlib import Path

import pytest

from tallysheet import language
from tallysheet.errors import DataError, UsageError
from tallysheet.language import Language, read_language
from tallysheet.weeks import IsoWeek

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "formats.csv"
ORACLE = HERE.parents[1] / "shared" / "oracle" / "format_oracle.csv"
ENGLISH = read_language("en")
FRENCH = read_language("fr")
LANGUAGES = {"en_GB": ENGLISH, "fr_FR": FRENCH}
TRAP = "iso_week_pattern (TRAP en_US)"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(what: str, value: str, language: Language) -> str:
    """Write a golden row's value with the call that a page uses for it."""
    if what == "date_long":
        # Our days begin with their weekday, which the golden date has not.
        return language.day(dt.date.fromisoformat(value), year=True).split(" ", 1)[1]
    if what.startswith("iso_week_pattern"):
        return str(IsoWeek.of(dt.date.fromisoformat(value)))
    number = float(value)
    writers = {
        "integer": lambda: language.value(number, "count"),
        "decimal1": lambda: language.decimal(number, 1),
        "percent_default (trap: 0 decimals)": lambda: language.value(number, "share", 0),
        "percent1": lambda: language.value(number, "share"),
        "signed_points": lambda: language.change(number / 100, "share"),
        "round_half_even 0.125 -> 2dp": lambda: language.value(number, "number"),
        "eur0": lambda: language.value(number, "euro"),
    }
    return writers[what]()


@pytest.mark.parametrize(
    "row",
    [row for row in rows(GOLDEN) if row["what"] != TRAP],
    ids=lambda row: f"{row['what'].split()[0]}-{row['locale']}",
)
def test_format_of_the_golden_table(row):
    """Separators, decimals, rounding and month names are Babel's, to the code point.

    Two signs differ on purpose: where Babel writes the hyphen of the keyboard our pages have a
    minus, U+2212, which screen readers read aloud and which is as wide as a plus; and before % French
    pages have the narrow space of all their signs, U+202F, so that a column of shares stays close.
    """
    expected = ast.literal_eval(row["ascii"]).replace("-", "\u2212").replace("\u00a0%", "\u202f%")
    if row["what"].startswith("iso_week_pattern"):
        expected = row["babel_2.18_output"]  # the hyphen of a week's name is no minus

    assert written(row["what"], row["value"], LANGUAGES[row["locale"]]) == expected


def test_weeks_are_iso_weeks_in_every_locale():
    """Babel's American week 1 of 2027 is week 53 of 2026 on our pages."""
    (trap,) = [row for row in rows(GOLDEN) if row["what"] == TRAP]

    assert str(IsoWeek.of(dt.date.fromisoformat(trap["value"]))) == "2026-W53"
    assert trap["babel_2.18_output"] == "2027-W01"


def test_golden_rows_are_the_oracle_s():
    """The copied rows are the oracle's, but for millions of euros, which nothing writes."""
    if not ORACLE.is_file():
        pytest.skip(f"{ORACLE} is not beside this clone")
    expected = [row for row in rows(ORACLE) if not row["what"].startswith("eur_compact")]

    assert rows(GOLDEN) == expected


def test_a_percentage_has_a_decimal_unless_told_otherwise():
    """Babel's default of no decimals would hide half a point."""
    assert ENGLISH.value(0.9234, "share") == "92.3%"
    assert ENGLISH.value(0.9234, "share", 0) == "92%"


@pytest.mark.parametrize(
    ("unit", "english", "french"),
    [
        *[("share", "%", "%"), ("gap", "pp", "pts"), ("rare_rate", "per~100", "pour~100")],
        *[("euro", "€", "€"), ("days", "days", "jours"), ("hours", "h", "h"), ("count", "", "")],
    ],
)
def test_a_unit_stands_by_itself_at_the_head_of_a_column(unit, english, french):
    """Without the space that parts it from a number."""
    assert ENGLISH.unit(unit) == english.replace("~", "\u00a0")
    assert FRENCH.unit(unit) == french.replace("~", "\u00a0")


def test_french_separators_come_from_babel():
    """Thousands are parted by U+202F and decimals by a comma, also in changes and ranges."""
    assert FRENCH.change(-12345.0, "count") == "\u221212\u202f345"
    assert FRENCH.change(0.0312, "share") == "+3,1\u00a0pts"
    assert FRENCH.interval(0.931, 0.958, "share") == "93,1\u202f% à 95,8\u202f%"
    assert FRENCH.change(-12.3, "euro") == "\u221212,30\u00a0€"
    assert FRENCH.value(1234.5, "number") == "1\u202f234,50"


def test_both_ends_of_a_range_of_money_have_cents_or_neither():
    """No reader sees €596.22 to €1,578."""
    assert ENGLISH.interval(596.22, 1578.4, "euro") == "€596 to €1,578"
    assert ENGLISH.interval(107.24, 517.92, "euro") == "€107.24 to €517.92"
    assert ENGLISH.interval(107.24, 517.92, "euro", 0) == "€107 to €518"
    assert ENGLISH.interval(2.24, 3.36, "days", 0) == "2 to 3\u00a0days"


@pytest.mark.parametrize(
    ("number", "expected"), [(0.0004, "0.0"), (-0.0004, "0.0"), (0.0, "0.0"), (-0.0, "0.0"), (0.0006, "+0.1")]
)
def test_what_rounds_to_zero_has_no_sign(number, expected):
    """A change that prints as zero is neither a plus nor a minus."""
    assert ENGLISH.change(number, "share") == f"{expected}\u00a0pp"


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_number_is_said_to_be_missing(missing):
    """Missing is never written as 0 or nan."""
    found = {ENGLISH.value(missing, "count"), ENGLISH.change(missing, "share"), ENGLISH.decimal(missing, 2)}

    assert found == {"n/a"}


def test_a_week_is_written_with_its_days():
    """Within one month the month stands once; across two months and a year's end each day has its own."""
    expected = ["Monday 22 to Sunday 28 April 2013", "Monday 28 December 2026 to Sunday 3 January 2027"]

    assert [ENGLISH.week(IsoWeek(2013, 17)), ENGLISH.week(IsoWeek(2026, 53))] == expected


def test_plural_forms_follow_the_number():
    """One and other are chosen by the language's own rule: French says zero in the singular."""
    words = {"late": {"one": "{n} colis", "other": "{n} colis (pl.)"}}

    assert Language("en", words).text("late", n=0) == "0 colis (pl.)"
    assert Language("fr", words).text("late", n=0) == "0 colis"
    assert Language("en", words).text("late", n=1234) == "1,234 colis (pl.)"


def test_nothing_may_have_a_form_of_its_own():
    """In any language, whatever its rule says of 0."""
    words = {"late": {"zero": "none", "one": "{n} parcel", "other": "{n} parcels"}}

    for code in ("en", "fr"):
        assert [Language(code, words).text("late", n=n) for n in (0, 1, 2)] == [
            "none",
            "1 parcel",
            "2 parcels",
        ]


@pytest.mark.parametrize("row", rows(HERE / "golden" / "plurals.csv"), ids=lambda row: row["written"])
def test_a_unit_agrees_with_the_number_that_is_shown(row):
    """CLDR's rules: French has the singular below 2, English for a plain 1 alone; 1.0 is no plain 1."""
    language = read_language(row["language"])

    assert language.size(float(row["points"]) / 100, "share") == row["written"].replace("~", "\u00a0")


@pytest.mark.parametrize("row", rows(HERE / "golden" / "french_dates.csv"), ids=lambda row: row["value"])
def test_french_dates(row):
    """Weekdays and months in small letters; the first of a month is an ordinal, every other day is none."""
    value, written_so = row["value"], row["written"]
    found = {
        "day": lambda: FRENCH.day(dt.date.fromisoformat(value), year=True),
        "short": lambda: FRENCH.short_day(dt.date.fromisoformat(value)),
        "week": lambda: FRENCH.week(IsoWeek.parse(value)),
    }

    assert found[row["what"]]() == written_so


def test_a_value_is_named_with_its_code_unless_the_code_is_a_word():
    """An airport's code tells something; trade_in tells no more than its name."""
    airports = Language("en", {"value": {"origin": {"LGA": "LaGuardia"}}})

    assert airports.name("origin", "LGA") == "LaGuardia (LGA)"
    assert airports.name("origin", "ORD") == "ORD"
    assert ENGLISH.name("seller_country", "FR") == ENGLISH.name("country", "FR") == "France (FR)"
    assert [ENGLISH.name("flow", "trade_in"), FRENCH.name("flow", "trade_in")] == ["trade-ins", "reprise"]


def test_what_is_english_elsewhere_has_words_in_other_languages():
    """A holiday's English name is a package's own; a dot in it is no path. What has no words stays."""
    king = "Martin Luther King Jr. Day"

    assert FRENCH.translated("holiday", king, king) == "journée de Martin Luther King"
    assert ENGLISH.translated("holiday", king, king) == king
    assert FRENCH.translated("holiday", "Day of X", "Day of X") == "Day of X"


@pytest.mark.parametrize("code", ["xx", "frenchlike", "12"])
def test_a_file_of_words_is_named_after_a_language(tmp_path, monkeypatch, code):
    """Numbers and dates are written as CLDR says of a language; of another name it says nothing."""
    shutil.copy(language.WORDS / "en.toml", path := tmp_path / f"{code}.toml")
    shutil.copy(language.WORDS / "en.toml", tmp_path / "de.toml")
    monkeypatch.setattr(language, "WORDS", tmp_path)

    with pytest.raises(DataError) as refused:
        read_language(code)

    assert str(refused.value) == (
        f"{path}: expected a name that CLDR has for a language, such as de or nl, found {code!r}. "
        "Rename the file."
    )
    assert read_language("de").locale.language == "de"


def test_missing_words_are_named():
    """A key or a placeholder that is not there is an error that names it, not an empty text."""
    words = Language("en", {"greeting": "Week {week}"})

    with pytest.raises(DataError, match="the key greetings"):
        words.text("greetings")
    with pytest.raises(DataError, match="weak"):
        words.text("greeting", weak=1)


def test_unknown_language_is_refused():
    """A language without a file is a usage error that lists those there are."""
    with pytest.raises(UsageError, match=r"one of .*en.*'xx'"):
        read_language("xx")


def test_a_source_lays_its_names_over_the_words(tmp_path):
    """A source's own name wins, and everything it does not name stays."""
    own = tmp_path / "words.en.toml"
    own.write_text('[noun]\nshipments = "flights"\n', encoding="utf-8")

    language = read_language("en", (own,))

    assert language.text("noun.shipments") == "flights"
    assert language.text("number.missing") == ENGLISH.text("number.missing")


def test_a_sentence_begins_with_a_capital():
    """Whatever stands first in it; a text without a full stop is a part of another."""
    nobody = ENGLISH.name("carrier", "")

    assert (
        ENGLISH.text("say.held", name=nobody, value="1", base="x") == "No carrier named held at 1, as in x."
    )
    assert ENGLISH.text("say.segment_part", segment=nobody, part="1") == "no carrier named with 1"
