"""Text is data: every text that code asks for is in words/, in every language, and no sentence is in code."""

import ast
import re
import string
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from babel import Locale
from source_tree import ROOT

from tallysheet.kpis import KPIS
from tallysheet.note import NoteKind
from tallysheet.reasons import reasons_of
from tallysheet.schema import TABLES
from tallysheet.settings import read_settings
from tallysheet.weeks import IsoWeek, holidays_in

LIBRARY = Path(__file__).parents[2] / "lib" / "tallysheet"
LANGUAGES = sorted((LIBRARY / "words").glob("*.toml"))
MODULES = sorted(LIBRARY.rglob("*.py"))
# Modules that make what a reader of a page reads.
SHOWING = [
    *"say causes tables svg control_charts weekly_charts charts opening scorecard".split(),
    *"page lead_page small_multiples funnel curves fine_print kpi_page week verdict".split(),
    *(f"publish/{name}" for name in ("week_tables", "spreadsheets", "digest", "beside", "pages", "weekly")),
]
COLUMNS = {f"{table.name}.{column.name}" for table in TABLES.values() for column in table.columns}
ERRORS = {"check_type", "DataError", "UsageError", "ReportError", "ValueError"}
PLURAL_FORMS = {"zero", "one", "two", "few", "many", "other"}
FILE = re.compile(r"\.(css|html|js|json|svg|sql|toml|j2|parquet|py|csv|txt|xlsx)$")

# Two words that no reader reads, each with its reason; everything else is recognised by its form below.
NO_SENTENCES = {
    "DejaVu Sans": "the name of a font",
    "number value": "two CSS classes",
    "offset points": "a coordinate system of matplotlib",
}
SQL = re.compile(r"\s*(SELECT|CREATE|SHOW|ATTACH|DETACH|COPY|SET|FROM|WHERE|PRAGMA) ")
TAG = re.compile(r"<[^<>]*(>|$)")
TWO_WORDS = re.compile(r"[^\W\d_]{2,},? +[^\W\d_]{2,}")


# What is English outside words/ has words in every other language: see Language.translated.
ELSEWHERE = {"notebook", "source", "holiday"}
VOCABULARIES = sorted((ROOT / "data").rglob("words.*.toml"))
# English that is French too, or a name: none of these words is in a French text.
ENGLISH = re.compile(
    r"\b(the|and|of|with|from|weeks?(?!-end)|day|days|hour|hours|parcel|parcels|order|orders|seller|sellers|carrier|"
    r"carriers|customer|customers|return|returns|claim|claims|label|labels|range|usual|above|below|than|last|"
    r"known|not|yet|this|that|which|data|rows|file|files|delivery|share|none|lost|damaged|outbound|trade)\b",
    re.IGNORECASE,
)
NAMES = (
    "WERC DC Measures",
    "BackShip",
    "clean/ledger.json",
    "Columbus Day",
    "Memorial Day",
    "Parcel Monitor",
)


def words(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def texts(table: dict[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """Give every dotted key with its text, or with the texts of its plural forms."""
    found: dict[str, list[str]] = {}
    for name, value in table.items():
        key = f"{prefix}{name}"
        if not isinstance(value, dict):
            found[key] = [value]
        elif "other" in value and set(value) <= PLURAL_FORMS:
            found[key] = list(value.values())
        else:
            found |= texts(value, f"{key}.")
    return found


def placeholders(forms: list[str]) -> set[str]:
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def left_out(tree: ast.Module) -> set[ast.AST]:
    """Give docstrings, the messages of errors and the pieces of f-strings, which count as a whole."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(node.value)
        elif called(node) in ERRORS:
            found |= set(ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            found |= {part for part in node.values if isinstance(part, ast.Constant)}
    return found


def constants(path: Path) -> list[tuple[int, str]]:
    """Give the strings of a module with their lines; of an f-string its fixed text, with {} for values.

    Docstrings and the messages of errors are left out: both are English and stay in the code.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in set(ast.walk(tree)) - left_out(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append((node.lineno, node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            found.append((node.lineno, "".join(map(str, parts))))
    return sorted(found)


def is_sentence(text: str) -> bool:
    """Tell whether a reader could read it: two words or more that are neither markup nor SQL."""
    plain = TAG.sub("", text)
    return bool(TWO_WORDS.search(plain)) and plain.strip() not in NO_SENTENCES and not SQL.match(plain)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_every_text_that_code_names_exists(path):
    """A dotted string that begins with a table of words/en.toml is a key of it, or of a table it goes on."""
    english = words(LIBRARY / "words" / "en.toml")
    known = set(texts(english))
    tables = {key.rsplit(".", depth)[0] for key in known for depth in range(1, key.count(".") + 1)}
    unknown = []
    for line, text in constants(path):
        asked, _, rest = text.partition("{}")
        is_key = re.fullmatch(r"[a-z_]+(\.[\w-]+)*\.?[\w-]*", asked) and asked.split(".")[0] in english
        if not is_key or "." not in asked or FILE.search(text) or asked in COLUMNS:
            continue
        table = asked.rsplit(".", 1)[0]
        if asked not in known | tables if "{}" not in text else table not in tables:
            unknown.append((line, text, rest))

    assert unknown == []


@pytest.mark.parametrize(
    "reason",
    [
        "above",
        "below",
        "run_above",
        "run_below",
        "inside",
        "few_weeks",
        "small",
        "collapsed",
        "missing",
        "nothing",
        "young",
    ],
)
def test_every_reason_of_a_judgement_has_its_words(reason):
    """Whatever a judgement may say of a week has a sentence, and a heading for its card."""
    known = set(texts(words(LIBRARY / "words" / "en.toml")))

    assert {f"say.{reason}", f"card.{reason}"} <= known


@pytest.mark.parametrize(
    "verdict",
    ["pass", "fail", "met_now", "missed_now", "hit_or_miss", "none", "routine", "too_few", "not_known"],
)
def test_every_verdict_has_its_word(verdict):
    """Variation and assurance are shown as words, never by colour alone."""
    assert f"verdict.{verdict}" in texts(words(LIBRARY / "words" / "en.toml"))


@pytest.mark.parametrize("name", SHOWING)
def test_no_sentence_stands_in_code(name):
    """What a reader reads comes from words/; error messages, docstrings, markup and SQL may stay.

    Markup is what stands between < and >; SQL begins with one of its verbs in capitals.
    """
    sentences = [(line, text) for line, text in constants(LIBRARY / f"{name}.py") if is_sentence(text)]

    assert sentences == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Usual range", True),
        ("<b>Nothing to explain</b>", True),
        ("{} fell to {} in this week", True),
        ('<p class="note two">{}</p>', False),
        ("SELECT day FROM shipments", False),
        ("DejaVu Sans", False),
        ("few_weeks", False),
    ],
)
def test_sentences_are_recognised(text, expected):
    """The rule finds sentences inside markup too, and lets names and markup pass."""
    assert is_sentence(text) == expected


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_all_languages_say_the_same_things(path):
    """Each language has the keys of English, each text with the same placeholders."""
    english, own = (
        {key: forms for key, forms in texts(words(one)).items() if key.split(".")[0] not in left_out}
        for one, left_out in ((LIBRARY / "words" / "en.toml", {"holiday"}), (path, ELSEWHERE))
    )

    assert sorted(own) == sorted(english)
    for key, forms in own.items():
        assert placeholders(forms) == placeholders(english[key]), key


@pytest.mark.parametrize("path", VOCABULARIES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_source_names_the_same_things_in_every_language(path):
    """A source that names its things does so in every language, with the same placeholders."""
    english = texts(words(path.with_name("words.en.toml")))
    own = texts(words(path))

    assert {each.suffixes[0][1:] for each in path.parent.glob("words.*.toml")} == {
        language.stem for language in LANGUAGES
    }
    assert sorted(own) == sorted(english)
    assert {key: placeholders(forms) for key, forms in own.items()} == {
        key: placeholders(forms) for key, forms in english.items()
    }


@pytest.mark.parametrize(
    "path", [*LANGUAGES, *VOCABULARIES], ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_a_plural_has_the_forms_of_its_language(path):
    """Each that whole numbers can need, by CLDR: French has a form of its own for millions; and one for 0."""
    locale = Locale.parse(path.stem.removeprefix("words."))
    needed = {"other"} | {
        form for form in locale.plural_form.tags if form in {locale.plural_form(n) for n in _SAMPLE}
    }

    plurals = _plurals(words(path)).items()

    assert {key for key, forms in plurals if set(forms) | {"zero"} != needed | {"zero"}} == set()


_SAMPLE = (*range(200), 1_000, 1_000_000, 2_000_000)


def _plurals(table: dict[str, Any], prefix: str = "") -> dict[str, dict[str, str]]:
    """Give every dotted key that has plural forms, with them."""
    found: dict[str, dict[str, str]] = {}
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and "other" in value and set(value) <= PLURAL_FORMS:
            found[key] = value
        elif isinstance(value, dict):
            found |= _plurals(value, f"{key}.")
    return found


def test_no_text_is_unused():
    """Each key of words/en.toml stands in code, or below a table that code completes with a name."""
    asked = [text for path in MODULES for _, text in constants(path) if "." in text]
    whole, begun = set(asked), tuple({text.split("{}")[0] for text in asked if "{}" in text} - {""})
    # Templates ask for the page's words by their plain names; a base is named in full or in short, say.base.
    templates = "".join(path.read_text(encoding="utf-8") for path in LIBRARY.rglob("*.j2"))
    begun += (
        "value.",
        "base.",
        "base_short.",
        "holiday.",
        *(f"page.{name}" for name in re.findall(r"page\.words\.(\w+)", templates)),
    )

    unused = [
        key
        for key in texts(words(LIBRARY / "words" / "en.toml"))
        if key not in whole and not key.startswith(begun)
    ]

    assert unused == []


FRENCH = [path for path in [*LANGUAGES, *VOCABULARIES] if path.stem.endswith("fr")]


@pytest.mark.parametrize("path", FRENCH, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_french_is_set_as_french(path):
    """Signs have their narrow space, apostrophes are round, numbers of thousands are parted."""
    wrong = [
        (key, form)
        for key, forms in texts(words(path)).items()
        for form in forms
        if re.search(
            r"(?<![\u202f ])[%;?!»](?!\w)|[^\u202f]:(?= )| [:;?!%»€]|« |'|\d \d{3}|\. {2}", _plain(form)
        )
    ]

    assert wrong == []


def _plain(form: str) -> str:
    """Leave out placeholders, headings' signs and what is a sign alone."""
    return re.sub(r"^[%€]", "", re.sub(r"\{\w+\}", "0", form))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Valeur\u202f: 3\u202f%", True),
        ("Valeur : 3\u202f%", False),
        ("Valeur: 3", False),
        ("l'heure", False),
        ("3 %", False),
        ("Quoi ?", False),
        ("1 000 colis", False),
    ],
)
def test_french_typography_is_recognised(text, expected, tmp_path):
    """The rule finds each fault, and lets what is right pass."""
    path = tmp_path / "fr.toml"
    path.write_text(f'text = "{text}"\n', encoding="utf-8")
    if expected:
        test_french_is_set_as_french(path)
    else:
        with pytest.raises(AssertionError):
            test_french_is_set_as_french(path)


# The note below a table, and the columns whose heads it explains.
EXPLAINED = {
    "adoption.sellers_note": ["adoption.chance"],
    "adoption.to_do_worth": ["duty.euros"],
    "adoption.worth_note": ["adoption.value", "adoption.careful", "adoption.counted"],
    "claims.list_note": ["claims.value", "claims.most", "claims.chance"],
    "claims.to_do_note": ["duty.euros"],
    "mix.moves_note": ["mix.begins", "mix.stable"],
}


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_a_note_explains_a_column_by_its_head(path):
    """French notes explained a Chance and a Valeur below columns called Probabilité and Montant."""
    found = texts(words(path))
    colon = "\u202f:" if path.stem == "fr" else ":"

    for note, heads in EXPLAINED.items():
        assert [head for head in heads if found[head][0] + colon not in found[note][0]] == [], note


@pytest.mark.parametrize("path", FRENCH, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_english_is_left_in_french(path):
    """A list of telltales: words that every English text has and French has not."""
    english = []
    for key, forms in texts(words(path)).items():
        for form in forms:
            plain = re.sub(r"\{\w+\}", "", form)
            for name in NAMES:
                plain = plain.replace(name, "")
            if ENGLISH.search(plain):
                english.append((key, form))

    assert english == []


@pytest.mark.parametrize(
    "path", [path for path in LANGUAGES if path.stem != "en"], ids=lambda path: path.stem
)
def test_what_is_english_elsewhere_is_translated(path):
    """Origins of all definitions, and holidays of all countries of our workbooks over four years."""
    own = words(path)
    names = {
        name
        for data in ("data", "data/flights")
        for country in read_settings(ROOT / data).countries
        for year in (2013, 2024, 2025, 2026)
        for number in range(1, 53)
        for holiday in holidays_in(IsoWeek(year, number), country).values()
        for name in holiday.split("; ")
    }

    assert set(own["source"]) == set(KPIS)
    assert names <= set(own["holiday"])


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_every_text_can_be_filled(path):
    """Braces are closed and placeholders have names, so that no page stops at a text."""
    for key, forms in texts(words(path)).items():
        for form in forms:
            assert isinstance(form, str), key
            form.format(**dict.fromkeys(placeholders([form]), "x"))


def test_every_reason_has_its_words():
    """Whatever a row can be refused for is told in words, in every language."""
    codes = {code for table in TABLES.values() for code in reasons_of(table)}
    for path in LANGUAGES:
        assert codes == set(words(path)["reason"]), path.name


def test_every_kind_of_note_has_its_words():
    """A page names each kind of note in its own language."""
    for path in LANGUAGES:
        kinds = {kind.replace(" ", "_") for kind in get_args(NoteKind)}
        assert kinds == set(words(path)["note"]), path.name
        assert kinds <= set(words(path)["note_text"]), path.name


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_names_can_stand_within_a_sentence(path):
    """A KPI in a list has no comma of its own; the short name of a base is not taken for a sentence."""
    found = words(path)
    names = [one["name"] for one in found["kpi"].values()]
    bases = found["base_short"].values()

    assert [name for name in names if "," in name] == []
    assert [base for base in bases if base.endswith(".") and base[0].islower()] == []
