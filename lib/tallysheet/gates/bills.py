"""Was too much billed? Charges at a price of the contract that did not hold yet."""

from __future__ import annotations

import math

import numpy as np

from tallysheet.evidence import Evidence, Weekly
from tallysheet.findings import Finding
from tallysheet.gates.quality import AUDITED
from tallysheet.intervals import NORMAL_95
from tallysheet.kpi import Kpi

_SLIP_CENTS = 1
_LEAST_EARLY = 8


def audits(evidence: Evidence, one: Kpi) -> Weekly | None:
    """Lay out by ship week how much more than the contract was charged, and how much more it says later."""
    if one.slug not in ("overbilling", "overbilling_share", "invoice_accuracy"):
        return None
    return evidence.fact("audits", AUDITED) if evidence.has("audits") else None


def overbilling(table: Weekly) -> list[Finding]:
    """Find parcels charged at a price of the contract that did not hold yet."""
    weeks = sorted(table["week"].unique())
    at = weeks.index(table["week"][table["is_judged"]].iloc[0])
    # Labels that sellers buy cost more than ours by a fixed amount: what is charged most often.
    keys = ["carrier", "label_source", "excess_bin"]
    counted = table.groupby(keys, dropna=False)["billed_n"].sum().reset_index().sort_values("billed_n")
    often = counted.groupby(keys[:2], dropna=False)["excess_bin"].last()
    usual = table.merge(often.rename("usual").reset_index(), on=["carrier", "label_source"])
    above = usual["excess_bin"] - usual["usual"]
    is_early = (usual["step_bin"] > _SLIP_CENTS) & ((above - usual["step_bin"]).abs() <= _SLIP_CENTS)
    early = usual[is_early].assign(cents=lambda rows: rows["step_bin"] * rows["billed_n"])
    found = []
    for carrier, rows in early.groupby("carrier"):
        sums = rows.groupby("week")[["billed_n", "cents"]].sum().reindex(weeks, fill_value=0)
        lasting = [at]
        while lasting[-1] + 1 < len(weeks) and sums["billed_n"].iloc[lasting[-1] + 1] >= _LEAST_EARLY:
            lasting.append(lasting[-1] + 1)
        began = at == 0 or sums["billed_n"].iloc[at - 1] < _LEAST_EARLY
        if sums["billed_n"].iloc[at] < _LEAST_EARLY or not began:
            continue
        chosen = sums.iloc[lasting]
        euros = float(chosen["cents"].sum()) / 100
        half = NORMAL_95 * euros / float(np.sqrt(chosen["billed_n"].sum()))
        found.append(
            Finding(
                "OVERBILLING",
                {"carrier": (str(carrier),)},
                "",
                euros,
                euros - half,
                euros + half,
                weeks[at],
                weeks[lasting[-1]],
                math.nan,
                chosen.reset_index(),
            )
        )
    return found
