"""What a team sets for its workbook: data/workbook.toml, and where the folders are."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tallysheet.addresses import has_plain_secret
from tallysheet.errors import DataError, UsageError, check_type, nearest

_OPTIONAL = {"languages", "internal", "repeated", "base_url", "connection", "rules", "gate", "mix"}
_NO_LISTS = {"headline", "repeated", "base_url", "connection", "rules", "gate", "mix"}


@dataclass(frozen=True)
class Rules:
    """What the team has decided where a definition leaves a choice; every page of definitions prints it.

    Parameters
    ----------
    attempt_counts : bool
        Whether the first attempt ends the clock of a promise; else delivery does.
    pickup_point_counts : bool
        Whether a parcel that lies ready at a pick-up point has been attempted; else it must be fetched.
    ship_by_workdays : int
        Working days of the seller's country from acceptance to the last day of handover.
    lost_after_days : int
        Days after the promise from when on a parcel that never arrived counts as lost.
    return_days, return_drop_days, trade_in_drop_days : int
        Days in which a return may be asked for, and in which a label or an offer is good.
    repeat_days : int
        Days in which a second contact about the same order counts as the same matter.
    activation_days, unused_label_days : int
        Days from invitation to the first BackShip label; from label to the first scan.
    billing_tolerance_cents : int
        By how much a charge may differ from the contract and still be right.
    contact_cost_cents : int
        What a contact with Customer Care or a seller costs on average, in euro cents.
    euro_rates : dict of str to float
        Units of a currency for one euro, the budget rates of the year: so that exchange rates move no KPI.
    """

    attempt_counts: bool = True
    pickup_point_counts: bool = True
    ship_by_workdays: int = 1
    lost_after_days: int = 15
    return_days: int = 30
    return_drop_days: int = 14
    trade_in_drop_days: int = 21
    repeat_days: int = 7
    activation_days: int = 28
    unused_label_days: int = 14
    billing_tolerance_cents: int = 5
    contact_cost_cents: int = 400
    euro_rates: dict[str, float] = field(default_factory=lambda: {"EUR": 1.0})

    def as_row(self) -> dict[str, bool | int]:
        """Give the plain ones, for SQL."""
        return {name: value for name, value in asdict(self).items() if name != "euro_rates"}


@dataclass(frozen=True)
class Connection:
    """Where facts are added up.

    Parameters
    ----------
    url : str
        ``duckdb``: here. Else a SQLAlchemy URL, a Spark master or a Spark Connect URL; ``${NAME}`` stands
        for a value of the environment.
    schema : str
        Where the tables lie there: a schema of the database or of Spark's catalog, or for Spark a folder.
        Empty: where the connection looks by itself.
    mapped : bool
        Whether the tables there are a team's own, and not those that `tallysheet push` has laid there.
    """

    url: str = "duckdb"
    schema: str = ""
    mapped: bool = False

    @property
    def is_here(self) -> bool:
        """Whether the clean tables of the data folder are read by DuckDB."""
        return self.url == "duckdb"


@dataclass(frozen=True)
class Gate:
    """What a week must have before its report is made.

    Parameters
    ----------
    required : tuple of str
        Tables that must hold each day of the week.
    completeness : float
        Least share of the usual number of their rows.
    otherwise : {"provisional", "refuse"}
        What becomes of a week that lacks something: its pages say so, or none is made.
    """

    required: tuple[str, ...] = ()
    completeness: float = 0.5
    otherwise: str = "provisional"


@dataclass(frozen=True)
class Mix:
    """What the team wants of the carrier mix for returns and trade-ins; contracts say the rest.

    Parameters
    ----------
    floor : float
        Least share on time of each kind of parcel; where less is reached today, no less than today.
    most_drop : float
        By how much less of a kind may be on time than today, even above the floor.
    on_time_gain : float
        By how much more of all parcels must be on time than today.
    cell_share, carrier_share : float
        Most of one kind of parcel, and of all, for one carrier.
    least_share : float
        A carrier that gets parcels of a kind gets at least this share of them.
    large_parcels : float
        Parcels a week from which on a kind has at least two carriers.
    trial_share : float
        Most of a kind for a carrier that has not carried it on that way.
    shift_share : float
        Most of all parcels that may change carrier in a week.
    least_parcels : int
        Parcels in 12 weeks from which on a kind is looked at; the others stay as they are.
    late_day_cents : int
        What a working day too late costs beside contacts, in euro cents.
    move_cents : int
        What a parcel must bring to change carrier: less is not worth a move.
    tail_weight, tail : float
        Weight of the worst scenarios, and the share of scenarios that are not among them.
    draws : int
        Scenarios.
    peak_factor : float
        By how much parcels of a peak week exceed today's.
    """

    floor: float = 0.90
    most_drop: float = 0.02
    on_time_gain: float = 0.0
    cell_share: float = 0.80
    carrier_share: float = 0.50
    least_share: float = 0.10
    large_parcels: float = 20.0
    trial_share: float = 0.10
    shift_share: float = 0.10
    least_parcels: int = 24
    late_day_cents: int = 150
    move_cents: int = 2
    tail_weight: float = 0.30
    tail: float = 0.90
    draws: int = 200
    peak_factor: float = 2.0


@dataclass(frozen=True)
class Settings:
    """The workbook's settings.

    Parameters
    ----------
    data : Path
        The data folder: the one that holds workbook.toml.
    sources : tuple of str
        Folders of data/sources that are loaded, in order.
    notebooks : tuple of str
        Notebooks that ``tallysheet report`` runs, in order; the first is the page people open.
    countries : tuple of str
        ISO 3166 codes whose public holidays are shown.
    headline : str
        Slug of the KPI that leads the page when nothing else stands out.
    languages : tuple of str
        Languages of the pages, files of words/; pages in the first have the plain names.
    internal : tuple of str
        Notebooks whose pages are made a second time for internal readers, who are shown sellers' names.
    repeated : dict of str to dict of str to tuple of str
        The tables ``[repeated.NOTEBOOK]``: a parameter of it, and the values that make a page each.
    base_url : str
        Where the folder reports/ can be reached, such as ``https://reports.example.org``; a digest links to
        its page there. Empty: it says where the page is, without a link.
    connection : Connection
        Where facts are added up: ``connection = "URL"``, or the table ``[connection]``.
    gate : Gate
        The table ``[gate]``; without it every week is reported.
    rules : Rules
        The table ``[rules]``; what it leaves out is as above.
    mix : Mix
        The table ``[mix]``; what it leaves out is as above.
    """

    data: Path
    sources: tuple[str, ...]
    notebooks: tuple[str, ...]
    countries: tuple[str, ...]
    headline: str
    languages: tuple[str, ...] = ("en",)
    internal: tuple[str, ...] = ()
    repeated: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    base_url: str = ""
    connection: Connection = Connection()
    gate: Gate = Gate()
    rules: Rules = Rules()
    mix: Mix = Mix()

    @property
    def root(self) -> Path:
        """The folder with notebooks/ and reports/: here or above, else above the data, else beside it."""
        folders = [Path.cwd(), *Path.cwd().parents, *self.data.parents]
        return next((folder for folder in folders if (folder / "notebooks").is_dir()), self.data.parent)

    @property
    def reports(self) -> Path:
        """The folder of its weeks: reports/, or in there that of the data folder's name if it is not data."""
        all_reports, linked = self.root / "reports", (self.root / "data").resolve()
        is_first = self.data.name == "data" or linked == self.data
        return all_reports if is_first else all_reports / self.data.name


def find_data(data: str | Path = "data") -> Path:
    """Find the data folder: here or, for a relative path, in a folder above.

    A notebook runs from its own folder, a command from anywhere in the workbook.

    Raises
    ------
    UsageError
        No workbook.toml there.
    """
    check_type("data", data, (str, Path), "the path of a folder")
    data = Path(data)
    for parent in [Path.cwd(), *Path.cwd().parents] if not data.is_absolute() else [Path("/")]:
        candidate = (parent / data).resolve()
        if (candidate / "workbook.toml").is_file():
            return candidate
    raise UsageError(
        f"data folder {data}",
        "a folder with a workbook.toml, here or in a folder above",
        "none",
        "Go to the workbook's folder, or name the folder with --data.",
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a DataError names the file and the line that does not parse."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(str(path), "a TOML file", "no file", "Create it; the README shows one.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(str(path), "TOML in UTF-8", str(error), "Correct that line.") from None


def read_settings(data: str | Path = "data") -> Settings:
    """Read data/workbook.toml.

    Raises
    ------
    DataError
        A key is missing, unknown or of the wrong type.
    """
    folder = find_data(data)
    path = folder / "workbook.toml"
    found = read_toml(path)
    expected = {field.name for field in fields(Settings)} - {"data"}
    for name in found.keys() - expected:
        raise DataError(str(path), "known settings", repr(name), nearest(name, sorted(expected)))
    for name in sorted(expected - _OPTIONAL - found.keys()):
        raise DataError(str(path), f"the setting {name}", "nothing", "Add it; the repository has one.")
    lists = {name: _names(path, name, found[name]) for name in found.keys() - _NO_LISTS}
    if lists.get("languages") == ():
        raise DataError(f"{path} languages", "at least one language", "none", 'Write for example ["en"].')
    for name in lists.get("internal", ()):
        if name not in lists["notebooks"]:
            raise DataError(f"{path} internal", "notebooks", repr(name), nearest(name, lists["notebooks"]))
    rules = _rules(path, found.get("rules", {}))
    repeated = _repeated(path, found.get("repeated", {}), lists["notebooks"])
    base_url = str(found.get("base_url", ""))
    if base_url and not re.fullmatch(r"https?://[^\s\"'<>]+", base_url):
        advice = "Write for example https://reports.example.org, or leave it out."
        raise DataError(f"{path} base_url", "an address of the web", repr(base_url), advice)
    return Settings(
        data=folder,
        headline=str(found["headline"]),
        base_url=base_url,
        connection=_connection(path, found.get("connection", {}), lists["sources"]),
        rules=rules,
        repeated=repeated,
        gate=_gate(path, found.get("gate", {})),
        mix=_mix(path, found.get("mix", {})),
        **lists,
    )


def _connection(path: Path, found: Any, sources: tuple[str, ...]) -> Connection:
    place, usual = f"{path} connection", asdict(Connection())
    given = {"url": found} if isinstance(found, str) else found
    for name in set(given if isinstance(given, dict) else ()) - usual.keys():
        raise DataError(place, "url, schema and mapped", repr(name), nearest(name, usual))
    if not isinstance(given, dict) or not all(
        value and isinstance(value, type(usual[name])) for name, value in given.items()
    ):
        # What was found may hold a secret.
        raise DataError(place, "an address, or url and schema", "another value", 'Write url = "duckdb".')
    if given.get("mapped") and sources:
        advice = "Leave out mapped, and tallysheet push them; or leave out the sources."
        raise DataError(place, "mapped tables, or sources that are loaded", "both", advice)
    if has_plain_secret(given.get("url", "")):
        advice = "Write ${NAME} in its place and set NAME in the environment."
        raise DataError(place, "a secret that comes from the environment", "one in the file", advice)
    return Connection(**given)


def _gate(path: Path, found: dict[str, Any]) -> Gate:
    known = {field.name for field in fields(Gate)}
    for name in found:
        if name not in known:
            raise DataError(f"{path} gate", "known settings", repr(name), nearest(name, known))
    gate = Gate(**{**found, "required": _names(path, "gate required", found.get("required", []))})
    if gate.otherwise not in ("provisional", "refuse"):
        advice = nearest(str(gate.otherwise), ["provisional", "refuse"])
        raise DataError(f"{path} gate otherwise", "provisional or refuse", repr(gate.otherwise), advice)
    if not isinstance(gate.completeness, int | float) or not 0 <= gate.completeness <= 1:
        advice = "Write for example 0.5."
        raise DataError(f"{path} gate completeness", "a share from 0 to 1", repr(gate.completeness), advice)
    return gate


def _mix(path: Path, found: dict[str, Any]) -> Mix:
    known = {field.name for field in fields(Mix)}
    for name, value in found.items():
        if name not in known:
            raise DataError(f"{path} mix", "known settings", repr(name), nearest(name, known))
        is_share = name in ("floor", "most_drop", "tail", "tail_weight") or name.endswith("_share")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or value < 0 or (is_share and value > 1):
            expected = "a share from 0 to 1" if is_share else "a number that is not below 0"
            raise DataError(f"{path} mix {name}", expected, repr(value), "Correct it.")
    return Mix(**found)


def _repeated(path: Path, found: Any, notebooks: tuple[str, ...]) -> dict[str, dict[str, tuple[str, ...]]]:
    repeated = {}
    for notebook, values in dict(found).items():
        place = f"{path} repeated.{notebook}"
        if notebook not in notebooks:
            raise DataError(place, "one of the notebooks", repr(notebook), nearest(notebook, notebooks))
        if not isinstance(values, dict) or len(values) != 1:
            raise DataError(place, "one parameter", repr(values), 'Write for example family = ["claims"].')
        repeated[notebook] = {name: _names(path, name, listed) for name, listed in values.items()}
        for value in itertools.chain(*repeated[notebook].values()):
            if not re.fullmatch(r"\w+", value):
                advice = "A page is named by it: letters, digits and _ only."
                raise DataError(place, "names of pages", repr(value), advice)
    return repeated


def _rules(path: Path, found: dict[str, Any]) -> Rules:
    usual = asdict(Rules())
    for name, value in found.items():
        if name not in usual:
            raise DataError(f"{path} rules", "known rules", repr(name), nearest(name, sorted(usual)))
        if type(value) is not type(usual[name]):
            kind = type(usual[name]).__name__
            raise DataError(f"{path} rules {name}", f"a value of type {kind}", repr(value), "Correct it.")
    rates = found.get("euro_rates", {})
    if not all(isinstance(rate, (int, float)) and rate > 0 for rate in rates.values()):
        raise DataError(f"{path} rules euro_rates", "numbers above 0", repr(rates), "Correct them.")
    return Rules(**{**found, "euro_rates": {"EUR": 1.0, **rates}})


def _names(path: Path, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DataError(f"{path} {name}", "a list of names", repr(value), 'Write for example ["flights"].')
    return tuple(value)
