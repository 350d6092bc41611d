"""Delivery: whether what was promised is delivered, and on time."""

from __future__ import annotations

from tallysheet.kpi import Kpi

_DIMENSIONS = (
    *("origin", "carrier", "destination_country", "flow", "service", "partner", "destination"),
    *("label_source", "lane", "seller"),
)

KPIS = (
    Kpi(
        slug="otd",
        fact="shipments",
        numerator="on_time_n",
        denominator="due_n",
        unit="share",
        direction="up",
        cohort="promised_date",
        maturity_days=5,
        dimensions=_DIMENSIONS,
        source="SCOR RL.2.2, delivery performance to customer commit date",
        evidence="seen_n",
        witnesses=("undelivered",),
        number="Q1",
    ),
    Kpi(
        slug="undelivered",
        fact="shipments",
        numerator="undelivered_n",
        denominator="due_n",
        unit="share",
        direction="down",
        cohort="promised_date",
        maturity_days=5,
        dimensions=_DIMENSIONS,
        source="SCOR RL.1.1, orders not completed (cancelled, diverted or lost)",
    ),
    Kpi(
        slug="shipments",
        fact="shipments",
        numerator="due_n",
        denominator=None,
        unit="count",
        direction="neutral",
        cohort="promised_date",
        maturity_days=5,
        dimensions=(),  # context: how volume moves between parts is told by the mix of the shares
        source="count of shipments due",
    ),
)
