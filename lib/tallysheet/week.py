"""Open a week: its KPIs, their explanations, SQL over the tables, and the pieces of its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd

from tallysheet import bearing, causes, fine_print, kpi_page, lead_page, opening, page, say, scorecard
from tallysheet.actions import follow_up, read_actions
from tallysheet.bases import check_base, check_week
from tallysheet.clean import load
from tallysheet.comparison import Explanation
from tallysheet.coverage import Gap, gaps
from tallysheet.crossed import crossed
from tallysheet.cube import Cube, Where
from tallysheet.errors import UsageError, check_type
from tallysheet.evidence import entries_of, event_log
from tallysheet.held import held_ledger
from tallysheet.kpis import family_kpis, kpi
from tallysheet.language import Language, may_see
from tallysheet.ledger import Ledger
from tallysheet.opening import Told
from tallysheet.overview import available_kpis, row_of, targets_of
from tallysheet.pace_table import pace_table
from tallysheet.periods import periods_of
from tallysheet.queries import MOST_ROWS, Queries
from tallysheet.restatement import last_restated
from tallysheet.review import Review
from tallysheet.settings import Settings, read_settings
from tallysheet.sources import workbook_language
from tallysheet.tables import Html, lab_style, paragraph
from tallysheet.telling import stands_out
from tallysheet.verdict import Verdict, Verdicts, as_frame
from tallysheet.week_kpi import WeekKpi, part_of
from tallysheet.weeks import IsoWeek, moment

_PAGE_PARTS = 30  # a dimension with more values is cut by hand, not on the page
_CARDS, _PARTS_A_CARD = 3, 1  # at least so many; more would make the page too long to read


def open_week(
    week: str | None = None,
    *,
    data: str | Path = "data",
    base: str = "previous",
    as_of: str | dt.date | None = None,
    lang: str = "en",
    audience: str = "stakeholders",
) -> Week:
    """Open a week of the workbook.

    Parameters
    ----------
    week : str, optional
        ISO week such as ``2013-W17``; None is the latest that the data covers wholly.
    data : str or Path
        The data folder; a relative one is also looked for in the folders above.
    base : str
        ``previous``, ``last-4`` (the four weeks before, pooled), ``year-ago`` (364 days) or an earlier week.
    as_of : str or date or datetime, optional
        Only what was known then counts, UTC; a day means its end. None is the newest extract's time.
    lang : str
        Language of the texts.
    audience : str
        ``stakeholders``, whose texts do not name sellers, or ``internal``. Frames hold all that is known.

    Returns
    -------
    Week

    Raises
    ------
    UsageError
        A week, base, moment, language or audience of wrong form, or outside the data.
    DataError
        An extract that cannot be read.

    Examples
    --------
    >>> week = open_week("2013-W17", data="data/flights", base="last-4")
    >>> week.kpis[["kpi", "value", "base", "variation"]].round(3).iloc[0].to_dict()
    {'kpi': 'otd', 'value': 0.586, 'base': 0.748, 'variation': 'routine'}
    """
    settings = read_settings(data)
    wanted = IsoWeek.parse(week) if week is not None else None
    seen_at = moment(as_of)
    language = may_see(workbook_language(settings, lang), audience)
    ledger = held_ledger(settings.data / "clean") or load(settings.data, reads_again=False)
    known = min(seen_at, ledger.as_of) if seen_at else ledger.as_of
    cube = Cube(ledger, settings, known)
    if wanted is None:
        if not cube.weeks:
            raise UsageError("week", "a week that the data covers wholly", "none", "Load a longer extract.")
        wanted = cube.weeks[-1]
    check_week(wanted, cube.touched_weeks)
    check_base(base, wanted, cube.touched_weeks)
    return Week(wanted, base, language, settings, ledger, cube)


class Week:
    """An open week: what `open_week` returns.

    Parameters
    ----------
    week : IsoWeek
    base : str
    language : Language
    settings : Settings
    ledger : Ledger
    cube : Cube
    """

    def __init__(
        self, week: IsoWeek, base: str, language: Language, settings: Settings, ledger: Ledger, cube: Cube
    ) -> None:
        self.week, self.base, self.language = week, base, language
        self.settings, self.ledger, self.cube = settings, ledger, cube

    def __repr__(self) -> str:
        return f"<{self.week} against {self.base}, known {self.cube.as_of:%Y-%m-%d %H:%M}>"

    def kpi(self, slug: str, where: Mapping[str, str] | str | None = None) -> WeekKpi:
        """Give a KPI, in all or of a part: ``{"carrier": "BRV", "flow": "return"}``, ``"carrier=BRV"``.

        Raises
        ------
        UsageError
            An unknown slug, dimension or value; it names the nearest.
        """
        definition = kpi(slug)
        part = part_of(self.review, definition, where or {})
        return WeekKpi(self.review, definition, part, self.explanation)

    @property
    def targets(self) -> pd.DataFrame:
        """Targets that hold in the week: kpi, segment, target, floor, owner, value, gap, assurance."""
        return targets_of(self.review, self.available, self.base)

    def restated(self, weeks: int = 8) -> pd.DataFrame:
        """Compare what was first said of so many weeks with what is known now; see `restatement.restated`."""
        check_type("weeks", weeks, int, "a number")
        return last_restated(self.review, self.available, weeks)

    @cached_property
    def review(self) -> Review:
        """What is known of each KPI, week by week."""
        return Review(self.cube, self.week)

    @cached_property
    def available(self) -> tuple[str, ...]:
        """Slugs of the KPIs that the data allows, in order."""
        return available_kpis(self.review)

    def has(self, slug: str) -> bool:
        """Tell whether the data allows a KPI; unlike `available` it looks at nothing else."""
        return self.review.has(slug)

    @property
    def kpis(self) -> pd.DataFrame:
        """All KPIs, one row each.

        Returns
        -------
        DataFrame
            kpi, name (in the week's language), value, base, change (all of weeks of the same age), unit
            (``share``: 0 to 1; ``rate``: a ratio of counts; ``euro``, ``days``, ``hours``, ``count``,
            ``number``), variation, assurance, cause (``REAL``: it or a part is unlike usual, ``NOISE``: not;
            what kind it is `verdicts` tell), mature (whether the value is final), judged_week (the latest of
            which enough is known; empty if none), number (the team's), completeness, projected, low, high
            (of a value that still grows), p90 (of a duration).
        """
        found = self.review.remembered(
            "kpis",
            [self.base],
            lambda: pd.DataFrame([row_of(self.review, self.explanation(slug)) for slug in self.available]),
        )
        names = [say.name(kpi(slug), self.language) for slug in found["kpi"]]
        return pd.concat([found[["kpi"]].assign(name=names), found.drop(columns="kpi")], axis=1)

    @cached_property
    def _verdicts(self) -> Verdicts:
        return Verdicts(self.review, lambda: self.available)

    def verdict(self, slug: str) -> Verdict:
        """Say what kind of cause is behind a KPI's week, with its proof."""
        return self._verdicts.of(slug)

    def verdicts_of(self, slug: str) -> pd.DataFrame:
        """Give one KPI's rows of `verdicts`, and their proofs."""
        return as_frame([self.verdict(slug)])

    @property
    def verdicts(self) -> pd.DataFrame:
        """What began in the week, of all KPIs, one row a cause; see `tallysheet.findings.Finding`."""
        return self._verdicts.frame()

    @property
    def continuing(self) -> pd.DataFrame:
        """What began three weeks before at most (a promise: four) and still held; see `verdicts`."""
        return self._verdicts.frame(continuing=True)

    def explanation(
        self,
        slug: str,
        base: str | None = None,
        by: str | Sequence[str] | None = None,
        where: Where = (),
    ) -> Explanation:
        """Compare a KPI with a base; asked again, it is the same object."""
        definition = kpi(slug)
        check_type("base", base, (str, type(None)), "the name of a base or a week")
        check_type("by", by, (str, Iterable, type(None)), "dimensions")
        lacking = self.review.lacking(definition)
        if lacking:
            raise UsageError(slug, f"extracts of {', '.join(lacking)}", "none", "Load them.")
        asked = (by,) if isinstance(by, str) else by
        dimensions = self.dimensions(slug) if asked is None else tuple(asked)
        for name in dimensions:
            definition.check_dimension(name, "by")
        among = self.review.searched(slug) if by is None else None
        return self.review.explanation(slug, self.base if base is None else base, dimensions, where, among)

    def dimensions(self, slug: str) -> tuple[str, ...]:
        """Dimensions of a KPI that the page shows: those with 2 to 30 values in the data."""
        return self.review.dimensions(slug, _PAGE_PARTS)

    @cached_property
    def queries(self) -> Queries:
        """What SQL may ask: ``queries.tables`` and ``queries.columns`` list it."""
        cube = self.cube
        return Queries(self.ledger, self.settings.rules, cube.touched_weeks, cube.as_of, cube.extent.zones)

    def sql(self, query: str, most: int | None = MOST_ROWS) -> pd.DataFrame:
        """Run one SELECT over the workbook's tables, as known at the week's as-of.

        ``SELECT * FROM tables`` lists them: what was loaded (``shipments``), what KPIs count
        (``facts.costs``), and that added up by week and part (``cube.costs``); see `tallysheet.queries`.
        A result of more than ``most`` rows is cut with a warning; None: none is.

        Raises
        ------
        DataError
            Not one SELECT, or one that cannot be run; it names the nearest table or column.

        Examples
        --------
        >>> week = open_week("2013-W17", data="data/flights")
        >>> week.sql("SELECT count(*) AS n FROM shipments WHERE status = 'cancelled'")
              n
        0  8255
        """
        return self.queries.ask(query, most)

    def style(self) -> Html:
        """Style for JupyterLab; the published page has it already."""
        return lab_style()

    def opening(self) -> Html:
        """Say in 30 seconds what changed, whether it is real and where it comes from."""
        return opening.opening(self.told, self.language)

    @cached_property
    def told(self) -> Told:
        """What the page tells of: KPIs, the one that leads, causes, and what is done about them."""
        listed = read_actions(self.settings.data / "actions.csv")
        actions = tuple(follow_up(listed, self.review, self.available))
        began, before = (
            bearing.largest_first(found, self.explanations) for found in (self.verdicts, self.continuing)
        )
        entries = entries_of(event_log(self.cube), self.week)
        return Told(self.explanations, self.lead, began, before, actions, entries)

    @cached_property
    def explanations(self) -> dict[str, Explanation]:
        """All KPIs against the week's base, by slug."""
        told = self.verdicts, self.continuing
        return {slug: causes.worded(self.explanation(slug), *told) for slug in self.available}

    def _shown(self, slug: str | None) -> Explanation:
        """Give a KPI as the page words it; one that the data does not allow says what it lacks."""
        wanted = slug or self.lead.kpi.slug
        return self.explanations.get(wanted) or self.explanation(wanted)

    @cached_property
    def lead(self) -> Explanation:
        """The KPI that leads the page: that of the first cause, if one is named."""
        return opening.lead(self.explanations, self.verdicts, self.settings.headline)

    @cached_property
    def gaps(self) -> list[Gap]:
        """What the tables that workbook.toml requires lack of the week."""
        gate = self.settings.gate
        return gaps(self.cube, self.week, gate.required, gate.completeness)

    def scorecard(self) -> Html:
        """Show all KPIs."""
        year_ago = {slug: self.year_ago(slug) for slug in self.available}
        final = {slug: scorecard.how_final(self.review, slug, self.language) for slug in self.available}
        return scorecard.scorecard(self.explanations, year_ago, final, self.language)

    def paces(self) -> Html:
        """Show how far the quarter is on its way to each target."""
        found = {slug: self.kpi(slug).pace() for slug in self.available}
        return pace_table(found, self.explanations, self.language)

    def year_ago(self, slug: str) -> float:
        """Give a KPI's value 364 days earlier; NaN where the data does not hold that week."""
        if self.week.year_ago not in self.cube.weeks:
            return float("nan")
        return self.explanation(slug, "year-ago", ()).value_base

    def card(self, slug: str | None = None) -> Html:
        """Show whether a KPI is usual: sentence and control chart. None is the page's lead."""
        return page.card(self._shown(slug), self.told, self.language, is_said=slug is None)

    def boxes(self, slug: str | None = None) -> Html:
        """Show six weeks, twelve months and nine boxes of a KPI that adds up. None is the page's lead."""
        wanted = slug or self.lead.kpi.slug
        periods, year_ago = periods_of(self.review, wanted), self.year_ago(wanted)
        return lead_page.boxes(periods, self.explanation(wanted), year_ago, self.language)

    def heat(self, slug: str | None = None) -> Html:
        """Show a KPI that adds up by its first two dimensions at once. None is the page's lead."""
        one = kpi(slug or self.lead.kpi.slug)
        by = self.dimensions(one.slug)
        if len(by) < 2 or not one.is_additive:
            return Html("")
        explanation = self._shown(one.slug)
        return lead_page.heat(crossed(self.review, explanation, by), explanation, self.language)

    def parts(self, slug: str | None = None, by: str | None = None) -> Html:
        """Show what a KPI's change comes from: segments, then parts. None is the page's lead."""
        found = self._shown(slug)
        if by is None:
            return Html.join(page.moved(found, self.language), *page.split(found, self.language))
        split = causes.worded(self.explanation(found.kpi.slug, by=by), self.verdicts, self.continuing)
        return Html.join(*page.split(split, self.language))

    def other_cards(self) -> Html:
        """Show charts of other KPIs, the first screen's first, and the parts outside their own range."""
        first = [self.explanations[slug] for slug in opening.exceptional(self.told)[: opening.SHOWN]]
        ranked = [*first, *sorted(self.explanations.values(), key=stands_out, reverse=True)]
        others = [one for one in {one.kpi.slug: one for one in ranked}.values() if one is not self.lead]
        pieces = []
        for one in others[: max(_CARDS, len(first) - 1)]:
            pieces.append(self.card(one.kpi.slug))
            outside = {dimension for part in one.outside for dimension in part.where}
            pieces += [self.parts(one.kpi.slug, dimension) for dimension in sorted(outside)[:_PARTS_A_CARD]]
        return Html.join(*pieces) if pieces else paragraph(self.language.text("page.no_other"))

    def causes(self) -> Html:
        """Show what kinds of causes are named, which go on since an earlier week, and who is on it."""
        found = page.causes_table(self.told, self.language), page.entries_table(self.told, self.language)
        return Html.join(*found, page.actions_table(self.told.actions_for(self.language), self.language))

    def restatement(self) -> Html:
        """Show what has changed since it was first said of the last weeks, and why."""
        return fine_print.restatement_table(self.restated(), self.language)

    def calendar(self) -> Html:
        """Show working days and public holidays."""
        weeks, countries = self.told.fullest.base_weeks, self.settings.countries
        return fine_print.calendar_box(self.week, weeks, countries, self.language)

    def definitions(self) -> Html:
        """Say what each KPI counts."""
        told = fine_print.kpi_definitions([kpi(slug) for slug in self.available], self.language)
        return Html.join(told, fine_print.rules(self.settings.rules, self.language))

    def family(self, name: str) -> Html:
        """Show every KPI of a family such as ``delivery``; a UsageError names the nearest."""
        slugs = [one.slug for one in family_kpis(name) if self.has(one.slug)]
        return kpi_page.family(self.review, [self.explanation(slug) for slug in slugs], self.language)

    def glossary(self) -> Html:
        """Say what the marks and words on the pages mean."""
        return kpi_page.glossary_words(self.language)

    def dictionary(self) -> Html:
        """Say what every KPI counts, also of those that this data does not allow."""
        return kpi_page.dictionary(self.settings.rules, self.language)

    def files(self) -> Html:
        """Show the ledger of what was loaded."""
        return fine_print.ledger_table(self.ledger, self.language)

    def refused(self) -> Html:
        """Show why rows were set aside."""
        return fine_print.reasons_table(self.ledger, self.language)

    def notes(self) -> Html:
        """Show what else there is to know of the extracts."""
        return fine_print.notes_table(self.ledger, self.language)
