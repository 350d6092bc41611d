"""A workbook of its own for a file that somebody brings: what it loads and publishes."""

from __future__ import annotations

from pathlib import Path

from tallysheet.errors import UsageError
from tallysheet.files import write_text
from tallysheet.settings import find_data, read_settings
from tallysheet.suggest import Suggestion, write_source

NOTEBOOKS = {
    "shipments": "20_carriers",
    "fulfilment_jobs": "30_fulfilment",
    "claims": "40_claims",
    "carrier_invoice_lines": "50_costs",
    "reverse_cases": "60_returns_trade_in",
    "sellers": "70_backship_adoption",
    "care_contacts": "80_customer_care",
}
"""Table to the notebook that is about it; the weekly review is about all."""


def bring(file: str | Path, suggested: Suggestion, data: str) -> tuple[Path, bool]:
    """Write a suggested source and its file into a workbook; one that is not there yet is begun for it.

    Parameters
    ----------
    file : str or Path
    suggested : Suggestion
    data : str
        The data folder. A relative one that is nowhere yet is made beside ``notebooks/``.

    Returns
    -------
    Path
        The folder of the source.
    bool
        Whether the workbook was begun, so that it lists the source already.

    Raises
    ------
    UsageError
        There is such a source, or another file of that name; nothing was written.
    """
    file = Path(file)
    try:
        find_data(data)
    except UsageError:
        here = [Path.cwd(), *Path.cwd().parents]
        folder = next((one for one in here if (one / "notebooks").is_dir()), here[0]) / data
        write_text(folder / "workbook.toml", workbook_text(suggested))
        return write_source(read_settings(folder), suggested, file), True
    return write_source(read_settings(data), suggested, file), False


def unlisted_page(table: str, data: str) -> str:
    """Name the notebook about a table, if a workbook does not publish it yet; else give nothing."""
    notebook = NOTEBOOKS.get(table, "")
    return "" if notebook in read_settings(data).notebooks else notebook


def workbook_text(suggested: Suggestion) -> str:
    """Write the workbook.toml of a workbook that holds one source; what is a guess says so."""
    own = [NOTEBOOKS["shipments"]] if suggested.table == "shipments" else []
    notebooks = ", ".join(f'"{name}"' for name in ["10_weekly_review", *own, "00_data_health"])
    countries = ", ".join(f'"{code}"' for code in suggested.countries)
    lines = [
        f"# A workbook of its own, begun for {suggested.name}; what says check is a guess.",
        f'sources = ["{suggested.name}"]',
        f"notebooks = [{notebooks}]  # the first is the page people open",
        f"countries = [{countries}]  # whose public holidays are shown",
        'headline = "otd"  # the KPI that leads a quiet page',
    ]
    for currency in suggested.currencies:
        told = f"euro_rates = {{ {currency} = 1.00 }}  # check: units for one euro, the same all year"
        lines += ["", "[rules]", told]
    return "\n".join([*lines, ""])
