"""Data flows one way: the list below is the law."""

import pytest
from source_tree import MARKETPLACE, imported, modules

ORDER = """
errors refusals files addresses weeks settings language
schema.types schema.transport schema.customer schema.reference schema schema.dictionary
kpi kpis.delivery kpis.fulfilment kpis.reverse kpis.claims kpis.care kpis.money kpis.adoption kpis
engine personal unpack digests records dialect layout headers cell_errors spreadsheet text_file extract
reasons source_keys source_columns sources inputs casts row_checks note checked range_checks database merge
shared_rows ledger notes
warehouse.statements warehouse.session warehouse.relational warehouse.spark warehouse.connect warehouse
held warehouse.mapped
loading target_notes look_alikes links clean forget
vocabulary guess charges derive source_text suggest own_workbook
facts kept_tables cells
warehouse.publishing
grids extent arrivals cube coverage limits intervals boxes calendar_effects judgement
carrier_mix.problem carrier_mix.program carrier_mix.model carrier_mix.solve carrier_mix.verify
carrier_mix.relax carrier_mix.conflicts carrier_mix.frontier carrier_mix.prices carrier_mix.what_if
carrier_mix.path carrier_mix.moves carrier_mix.uncertainty carrier_mix.offers carrier_mix.inputs
carrier_mix.backtest carrier_mix
decomposition lattice scatter contrasts sum_contrast leaves narrowing segment_search usual_scatter
segment_passes segments
fair_comparison.sums fair_comparison.estimates fair_comparison.habits fair_comparison.like_with_like
fair_comparison.cells fair_comparison.before_after fair_comparison.savings fair_comparison
bases durations quantile_split maturity values judged_rows written rebases beyond_the_rest
drivers comparison telling targets review restatement overview seasons periods crossed by_value by_age
actions
panel tracks spells steps lineup quiet_past scopes candidates suspects findings evidence
gates gates.quality gates.context gates.money gates.bills gates.days_off gates.movement
gates.lengths gates.legs verdict
rounding volume marks say captions causes bearing tables
svg axis_labels control_charts weekly_charts small_multiples funnel curves charts
opening scorecard pace_table page lead_page fine_print kpi_page
queries week_kpi week
duties duties.known duties.proposals duties.tallies duties.cards duties.claims duties.claims_page
duties.mix_evidence duties.mix duties.mix_seen duties.mix_kept
duties.care duties.care_page duties.health duties.health_page
duties.standardised
duties.carriers duties.carriers_proof_page duties.carriers_page duties.carriers_arguments
duties.mix_ready duties.mix_page duties.mix_kept_page duties.mix_chart duties.mix_limits_page duties.mix_panel
duties.returns duties.returns_page
duties.carriers_briefs_page duties.fulfilment duties.fulfilment_page
duties.adoption duties.adoption_steps duties.adoption_worth duties.adoption_sellers
duties.adoption_chart duties.adoption_page duties.adoption_steps_page duties.adoption_sellers_page
duties.costs duties.costs_page duties.cost_levels duties.cost_levels_page
expressions explain sampling
warm_kernel.bound warm_kernel.server warm_kernel.provisioner warm_kernel execute
publish publish.script publish.checks publish.pages publish.plan publish.sheets publish.work_lists
publish.week_tables publish.spreadsheets
export publish.numbers publish.digest publish.beside publish.versions publish.made publish.manifest
publish.folders publish.archive
publish.surroundings publish.keys publish.making publish.explanation publish.weekly publish.alone
publish.report notify schedule status doctor new_notebook
explorer.view explorer.pieces explorer.data_pieces explorer.recipes explorer.keep explorer.opened
explorer.ahead explorer.choices explorer.panel explorer terminal stops cli __main__
""".split()

WHOLE_PACKAGE = {
    f"publish.{name}" for name in ("archive", "digest", "explanation", "manifest", "surroundings", "weekly")
}
"""These may import the package itself, for its version."""


def test_every_module_stands_in_the_list():
    """A new module finds its place in the order first."""
    assert set(modules()) - {""} == set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_from_those_before_it(name):
    """No import goes to the right, none in a circle; imports inside functions count too."""
    ours = {found for found in imported(modules()[name]) if found.split(".")[0] == "tallysheet"}
    # A package may name itself when it imports its own earlier modules.
    allowed = {f"tallysheet.{earlier}" for earlier in ORDER[: ORDER.index(name)]} | {f"tallysheet.{name}"}

    wrong = {
        found
        for found in ours
        if found not in allowed
        and found.rpartition(".")[0] not in allowed
        and not (found == "tallysheet" and (name in WHOLE_PACKAGE or _only_modules(ours, allowed)))
    }

    assert wrong == set()


def _only_modules(ours: set[str], allowed: set[str]) -> bool:
    """`from tallysheet import say` names the package, and is about the module."""
    return all(found in allowed for found in ours if found.count(".") == 1)


def test_the_marketplace_and_the_library_do_not_know_each_other():
    """The simulated world is another package; neither imports the other."""
    for name, tree in modules().items():
        assert not {found for found in imported(tree) if found.split(".")[0] == "marketplace"}, name
    for name, tree in modules(MARKETPLACE).items():
        assert not {found for found in imported(tree) if found.split(".")[0] == "tallysheet"}, name
