"""What a team learns by and by: how each carrier is spelled, and what its scan codes mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from marketplace.world import World

CODES = {
    "in_transit": ("10", "20"),
    "attempt_fail": ("41",),
    "available_for_pickup": ("52",),
    "delivered": ("60",),
}
"""Status to the end of the codes that stand for it; the beginning is the carrier's own."""


def spellings(world: World) -> str:
    """Write a world's spellings as TOML: our value to how extracts write it."""
    carriers = {code: (one.name, *one.spellings) for code, one in world.carriers.items()}
    countries = {code: ("UK",) if code == "GB" else () for code in world.settings["countries"]}
    statuses = {
        status: [f"{carrier}{end}" for end in ends for carrier in world.carriers]
        for status, ends in CODES.items()
    }
    return "\n".join(
        [
            "# Spellings that several extracts share: our value, and how it is written beside it.",
            *_table("carrier", carriers),
            *_table("country", countries),
            *_table("norm_status", statuses),
            "",
        ]
    )


def _table(name: str, values: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        "",
        f"[{name}]",
        *(f"{ours} = {json.dumps(list(also), ensure_ascii=False)}" for ours, also in values.items()),
    ]
