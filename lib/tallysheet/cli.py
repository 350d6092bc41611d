"""The command line: each command reads its options here, and imports what it needs when it runs."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tallysheet.errors import UsageError
from tallysheet.stops import one_line_errors, print_unsent, telling_of_a_stop

if TYPE_CHECKING:
    from tallysheet.publish.weekly import Published

# Libraries that take a second to import are imported inside the commands that need them.


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tallysheet")
def main() -> None:
    """Weekly logistics reports that say what is signal, split every change exactly and check themselves.

    Exit codes: 0 ok, also when there is nothing to explain; 1 a part failed; 2 wrong use or data
    that cannot be read, and nothing was written; 3 the week's data is not whole enough for a report.
    """


_data = click.option(
    "--data", default="data", show_default=True, help="Data folder, here or in a folder above."
)


@main.command()
@click.option(
    "--out", default="data", show_default=True, type=click.Path(path_type=Path), help="Data folder."
)
@click.option("--size", default="S", show_default=True, help="S, M, L, or parcels a week.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--events", type=click.Path(path_type=Path), help="Scenario; default: data/sample/events.toml.")
@click.option("--weeks", default="2024-W01:2026-W46", show_default=True, help="First and last week.")
def sample(out: Path, size: str, seed: int, events: Path | None, weeks: str) -> None:
    """Write the raw extracts of a simulated marketplace, and the truth about it, into a data folder.

    A folder that is no workbook yet gets the workbook.toml and the sources to load them.
    """
    with one_line_errors():
        from tallysheet.sampling import make_sample

        raw = make_sample(out, size=size, seed=seed, events=events, weeks=weeks, told=_told_on_terminal)
        click.echo(f"{_shown(raw)}: {sum(path.is_file() for path in raw.rglob('*'))} files")


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


def _of(data: str) -> str:
    return "" if data == "data" else f" --data {data}"


def _told_on_terminal(month: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{month}", nl=False, err=True)


@main.command()
@click.option("--files", "all_files", is_flag=True, help="List every file, also if there are many.")
@_data
def load(all_files: bool, data: str) -> None:
    """Bring the clean tables up to date with the raw extracts, and print the ledger."""
    with one_line_errors():
        from rich.console import Console

        from tallysheet.clean import load as load_data
        from tallysheet.terminal import print_ledger, progress

        with progress() as told:
            ledger = load_data(data, told)
        # What is piped into a file is not cut at the width of a terminal.
        console = Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False)
        print_ledger(ledger, console, all_files)
        click.echo(f"As of {ledger.as_of:%Y-%m-%d %H:%M} UTC. Clean tables: {_shown(ledger.folder)}")


@main.command()
@_data
def push(data: str) -> None:
    """Lay the clean tables out in the warehouse that workbook.toml names as its connection."""
    with one_line_errors():
        from tallysheet.warehouse.publishing import push as push_tables

        for table, rows in push_tables(data).items():
            click.echo(f"{table:24}{rows:>12,} rows")


@main.command()
@click.option(
    "--before",
    required=True,
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Rows from before this day, such as 2024-01-01.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@_data
def forget(before: dt.datetime, dry_run: bool, data: str) -> None:
    """Take rows from before a date out of the raw extracts, and remove what was made of them."""
    with one_line_errors():
        from tallysheet.forget import forget as forget_rows
        from tallysheet.publish.folders import damaged_manifests, forget_weeks
        from tallysheet.publish.report import data_parameter
        from tallysheet.settings import read_settings

        settings = read_settings(data)
        found = forget_rows(before.date(), data, dry_run)
        for one in found:
            why = f" ({one.why})" if one.why else ""
            click.echo(f"{one.what:8}{one.old_rows:>12,} of {one.rows:>12,} rows  {_shown(one.path)}{why}")
        for week in forget_weeks(settings, data_parameter(settings), before.date(), dry_run=dry_run):
            click.echo(f"deleted  {_shown(week)} (pages of a week that was over by then)")
        damaged = damaged_manifests(settings.reports)
        left = [path.parent for week, path in damaged.items() if week.sunday < before.date()]
        for folder in left:
            why = "its manifest.json is damaged: look at it, and delete it"
            click.echo(f"left     {_shown(folder)} ({why})")
        click.echo(
            "Nothing was changed." if dry_run else "Run tallysheet load to make the clean tables anew."
        )
        if left or any(one.what == "left" for one in found):
            sys.exit(1)


@main.command()
@click.option("--week", metavar="YYYY-Www", help="ISO week; default: the latest complete one.")
@click.option("--catch-up", is_flag=True, help="Every complete week since the last published one.")
@click.option("--base", default="last-4", show_default=True, help="previous, last-4, year-ago or a week.")
@click.option("--as-of", metavar="DATE", help="Only what was known then; default: the newest extract's time.")
@click.option(
    "--only", multiple=True, metavar="A,B", help="Notebooks, such as claims,costs; may be repeated."
)
@click.option(
    "--lang", metavar="A,B", help="Languages of the pages, such as en,fr; default: workbook.toml's."
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Notebooks that run at a time; default: one a core, with a warehouse one.",
)
@click.option("--force", is_flag=True, help="Make also pages of which nothing has changed.")
@click.option("--warm/--no-warm", default=True, help="Fork kernels from one process that has imported all.")
@click.option("--help-notebook", metavar="NAME", help="List a notebook's parameters, and run nothing.")
@_data
def report(
    week: str | None,
    catch_up: bool,
    base: str,
    as_of: str | None,
    only: tuple[str, ...],
    lang: str | None,
    jobs: int | None,
    force: bool,
    warm: bool,
    help_notebook: str | None,
    data: str,
) -> None:
    """Run the notebooks of a week and publish their pages; print the path of the first."""
    with one_line_errors():
        if help_notebook:
            _help_notebook(help_notebook, data)
            return
        from tallysheet.language import read_language
        from tallysheet.notify import take_addresses, tell
        from tallysheet.publish.report import Wanted
        from tallysheet.publish.report import report as publish
        from tallysheet.settings import read_settings
        from tallysheet.sources import workbook_language
        from tallysheet.terminal import steps

        addresses = take_addresses(os.environ)
        if week and catch_up:
            raise UsageError("report", "--week or --catch-up", "both", "Leave one of them out.")
        languages = None if lang is None else _listed(lang)
        chosen = [name for listed in only for name in _listed(listed)]
        settings = read_settings(data)
        # What one notebook has a warehouse add up, the next one reads here.
        workers = jobs or (min(os.cpu_count() or 1, 4) if settings.connection.is_here else 1)
        wanted = Wanted(week, base, as_of or "", chosen, languages, workers, force, warm)
        started_at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        code = 0
        stops_in = read_language(settings.languages[0])
        with telling_of_a_stop(settings.reports, started_at, addresses, stops_in), steps() as watch:
            told_in = workbook_language(settings, settings.languages[0])
            for published in publish(wanted, data, started_at, watch, catch_up=catch_up):
                _print_outcome(published)
                print_unsent(tell(published, addresses, told_in))
                code = 1 if published.failed else code or (3 if published.closed else 0)
        if code:
            sys.exit(code)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_data
def status(as_json: bool, data: str) -> None:
    """Say where the reports stand: the last runs, weeks that are due, pages that failed or are stale, alerts.

    Exit code 1 if the last run stopped, a week is due or a page failed; stale pages alone are 0, the next
    run makes them anew.
    """
    with one_line_errors():
        from rich.console import Console

        from tallysheet.status import status_of
        from tallysheet.terminal import print_status

        found = status_of(data)
        if as_json:
            click.echo(json.dumps(found.as_json(), ensure_ascii=False))
        else:
            width = None if sys.stdout.isatty() else 200
            print_status(found, Console(width=width, markup=False, highlight=False))
        if not found.is_well:
            sys.exit(1)


@main.command()
@_data
def doctor(data: str) -> None:
    """Look at all that a report needs, and say of each thing that is wrong how to mend it (exit code 1)."""
    with one_line_errors():
        from tallysheet.doctor import examine

        checks = examine(data)
        for check in checks:
            click.echo(
                f"{'ok ' if check.is_well else '!! '} {check.what}: {check.found}. {check.do}".rstrip()
            )
        if not all(check.is_well for check in checks):
            sys.exit(1)


@main.command()
@click.option(
    "--suggest", "file", type=click.Path(path_type=Path), metavar="FILE", help="Describe this file."
)
@click.option("--table", default="", metavar="NAME", help="The table that it fills; default: what fits best.")
@click.option("--name", default="", metavar="NAME", help="Of the source; default: the file's own.")
@click.option("--write", is_flag=True, help="Write the source, and copy the file into data/raw.")
@_data
def sources(file: Path | None, table: str, name: str, write: bool, data: str) -> None:
    """List the sources, or suggest a source.toml for a file; --write begins a workbook if none is there."""
    with one_line_errors():
        from tallysheet.settings import read_settings
        from tallysheet.sources import read_sources

        if file is None:
            for source in read_sources(read_settings(data)):
                click.echo(f"{source.name:16}{source.table.name:24}{source.files[0].pattern.name}")
            return
        from tallysheet.own_workbook import bring, unlisted_page
        from tallysheet.suggest import suggest

        found = suggest(file, table, name)
        if not write:
            click.echo(f"{found.toml}\n{found.sql}", nl=False)
        else:
            folder, is_new = bring(file, found, data)
            click.echo(_shown(folder))
            page = unlisted_page(found.table, data)
            beside = f' and "{page}" to notebooks' if page else ""
            listed = "" if is_new else f'add "{found.name}" to sources{beside} in workbook.toml, '
            click.echo(f"Look at what says check, {listed}tallysheet load{_of(data)}.", err=True)
        columns = "column" if found.unnamed_n == 1 else "columns"
        unnamed = [f"{found.unnamed_n} {columns} without a name"] if found.unnamed_n else []
        if left := [*found.left, *unnamed]:
            click.echo(f"Not used: {', '.join(left)}.", err=True)


@main.command()
@click.argument("name")
@_data
def new_notebook(name: str, data: str) -> None:
    """Make a notebook from the template, such as 61_late_parcels; it publishes as it stands."""
    with one_line_errors():
        from tallysheet.new_notebook import new_notebook as make

        path = make(name, data)
        click.echo(_shown(path))
        told = f"Try it: tallysheet report --only {path.stem}{_of(data)}. "
        click.echo(f"{told}For every Monday: notebooks in workbook.toml.", err=True)


@main.command()
@click.argument("scheduler", type=click.Choice(["cron", "systemd", "github", "airflow"]))
@_data
def schedule(scheduler: str, data: str) -> None:
    """Print an entry for a scheduler: this workbook, Mondays at 07:00 in Paris, all weeks that are due."""
    with one_line_errors():
        from tallysheet.publish.report import data_parameter
        from tallysheet.schedule import entry, own_program
        from tallysheet.settings import read_settings

        settings = read_settings(data)
        click.echo(entry(scheduler, settings.root, own_program(), data_parameter(settings)), nl=False)


def _print_outcome(published: Published) -> None:
    for page, why in published.failed.items():
        click.echo(f"{page} failed; its last good page stays. {' '.join(why.split())}", err=True)
    if published.pages:
        click.echo(_shown(published.pages[0]))
    if published.closed:
        click.echo(published.closed, err=True)


def _help_notebook(name: str, data: str) -> None:
    from tallysheet.execute import declared_parameters
    from tallysheet.publish.plan import check_notebook_names
    from tallysheet.settings import read_settings

    settings = read_settings(data)
    (notebook,) = check_notebook_names(settings, [name])
    for one in declared_parameters(settings.root / "notebooks" / f"{notebook}.ipynb").values():
        click.echo(f"{one.name:10}{one.type.__name__:6}{one.default!r:20}{one.comment}".rstrip())


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--week-of", required=True, metavar="EXPR", help="Date of a row: a column or DuckDB expression."
)
@click.option("--week", required=True, metavar="YYYY-Www", help="ISO week to explain.")
@click.option("--base", default="previous", show_default=True, help="previous, last-4, year-ago or a week.")
@click.option("--numerator", required=True, metavar="EXPR", help="DuckDB expression over a row, added up.")
@click.option("--denominator", metavar="EXPR", help="The same; without it the KPI is a sum. 1 counts rows.")
@click.option("--by", default="", metavar="A,B,C", help="Columns to split the change over, one by one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", "html", type=click.Path(path_type=Path), metavar="OUT", help="Write a page.")
def explain(
    file: Path,
    week_of: str,
    week: str,
    base: str,
    numerator: str,
    denominator: str | None,
    by: str,
    as_json: bool,
    html: Path | None,
) -> None:
    """Explain a week of any table: what changed, whether it is unusual, and where it comes from."""
    with one_line_errors():
        from tallysheet import explain as explaining
        from tallysheet.language import read_language

        found = explaining.explain_file(
            file,
            week_of=week_of,
            week=week,
            base=base,
            numerator=numerator,
            denominator=denominator,
            by=[name.strip() for name in by.split(",") if name.strip()],
        )
        language = read_language("en")
        if html:
            from tallysheet.files import write_text
            from tallysheet.publish.explanation import explanation_page

            write_text(html, explanation_page(found.explanation, file.name, language))
        if as_json:
            click.echo(json.dumps(explaining.as_json(found, language), ensure_ascii=False, allow_nan=False))
        elif html:
            click.echo(str(html))
        else:
            click.echo(explaining.as_text(found, language))
        if found.rows_without_week:
            told = "have no date from 1900 to 2099 and are left out"
            click.echo(f"{found.rows_without_week} of {found.rows} rows {told}.", err=True)


def _shown(path: Path) -> str:
    """Show a path as a person standing here would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
