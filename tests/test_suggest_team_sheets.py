"""What teams write down by hand: targets with KPIs by name and percent signs, events, terms of contracts."""

from pathlib import Path

import pytest
from own_files import begin_workbook, load_source

from tallysheet import schema
from tallysheet.note import Note
from tallysheet.suggest import suggest
from tallysheet.target_notes import target_notes
from tallysheet.vocabulary import value_of

FRENCH = """Indicateur;Transporteur;Pays;Sens;Objectif;Seuil;Responsable
Livraison à temps;Tous;;;95 %;92,5 %;Transport
Livraison à temps;BRV;France;Aller;96 %;93 %;Transport
Taux de retour;;Allemagne;;8 %;;Retours
Jours en transit;;;;2,5;;Transport
"""


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return begin_workbook(tmp_path)


def written(folder: Path, text: str) -> Path:
    path = folder / "objectifs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_targets_of_parts_in_columns(workbook):
    """95 % is .95, 2,5 days stay days; Tous and an empty cell are all; each holds at all times."""
    file = written(workbook, FRENCH)
    found = suggest(file)
    _, rows = load_source(found, file)

    assert found.table == "targets"
    assert found.left == ()
    told = [tuple(row) for row in rows[["kpi", "segment", "target"]].fillna("").to_numpy()]
    assert sorted(told) == [
        ("otd", "", 0.95),
        ("otd", "carrier=BRV;flow=outbound;destination_country=FR", 0.96),
        ("return_rate", "destination_country=DE", 0.08),
        ("transit_days", "", 2.5),
    ]
    assert rows["floor"].dropna().sort_values().to_list() == [0.925, 0.93]
    assert set(rows["valid_from"].astype(str)) == {"2000-01-01"}
    assert set(rows["known_at"].astype(str).str[:10]) == {"2000-01-01"}


def test_a_log_of_events(workbook):
    """Each row is kept with its kind as ours; the one that is none of them is named, to be listed."""
    path = workbook / "journal.csv"
    kinds = {
        "Grève": "strike",
        "Fermeture": "closure",
        "Météo": "weather",
        "Hausse tarifaire": "price",
        "Promotion": "campaign",
        "Panne SI": "data_incident",
        "Jour férié": "bank_holiday",
        "Autre chose": "",
    }
    lines = [f"{day:02}/05/2026;;{kind};France;;x" for day, kind in enumerate(kinds, start=11)]
    header = "Date de début;Date de fin;Type;Pays;Transporteur;Description"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    found = suggest(path)
    _, rows = load_source(found, path)

    assert '# Not known, 1 rows, check: "Autre chose"' in found.toml
    assert found.table == "event_log"
    assert rows["kind"].to_list() == list(filter(None, kinds.values()))
    assert set(rows["country"]) == {"FR"}


def test_terms_of_contracts(workbook):
    """Days, euros and percent by their headers' units and cells' signs."""
    path = workbook / "contrats.csv"
    header = "Transporteur;Valable du;Délai de réclamation (jours);Plafond d'indemnisation (€);Taux carburant"
    path.write_text(f"{header}\nBRV;01/01/2026;60;500;8,5 %\nDVP;01/01/2026;30;300;9 %\n", encoding="utf-8")
    _, rows = load_source(suggest(path), path)

    names = ["claim_deadline_days", "liability_limit_cents", "fuel_share"]
    assert rows[names].to_numpy().tolist() == [[60, 50_000, 0.085], [30, 30_000, 0.09]]


def test_a_segment_as_we_write_it_stays(workbook):
    """Nothing is made of other columns then."""
    file = written(workbook, "kpi,segment,carrier,target\notd,flow=return,BRV,95%\nwismo_rate,,,4%\n")

    found = suggest(file)
    _, rows = load_source(found, file)

    assert "concat_ws" not in found.sql
    assert set(rows["segment"].dropna()) == {"flow=return"}


def test_a_name_that_is_no_kpi_is_kept(workbook):
    """The load says that it counts for nothing."""
    file = written(workbook, "KPI;Target;From\nOn-time delivery;95%;2026-01-01\nGood mood;3;2026-01-01\n")

    assert set(load_source(suggest(file), file)[1]["kpi"]) == {"otd", "Good mood"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("OTD", "otd"),
        ("Livraison à l’heure", "otd"),
        ("On-time delivery", "otd"),
        ("WISMO", "wismo_rate"),
        ("Where is my parcel", "wismo_rate"),
        ("Coût par colis", "cost_per_parcel"),
        ("CSAT", "csat"),
        ("loss_rate", "loss_rate"),
        ("Part des commandes BackShip", ""),
    ],
)
def test_names_of_kpis(name, slug):
    """Those of the pages in both languages, the short ones, and what teams say."""
    assert value_of(schema.table("targets").column("kpi"), name) == slug


def test_a_share_above_one_is_told(workbook):
    """95 without a sign would be 9,500 %; the target is left out of the pages."""
    file = written(workbook, "kpi,target,valid_from\notd,95,2026-01-01\ntransit_days,3,2026-01-01\n")
    load_source(suggest(file), file)
    (clean,) = (workbook / "data" / "clean").glob("*/targets")

    assert target_notes(clean) == [Note("share beyond", {"name": "otd", "target": 95.0})]
