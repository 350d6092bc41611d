"""What a duty ends in: a ranked list of what to do, with the money or the parcels that it is about."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from tallysheet.language import Language
from tallysheet.tables import Column, Html, paragraph, render_table


@dataclass(frozen=True)
class Proposal:
    """Something to do.

    Parameters
    ----------
    text : str
        What, in the reader's language.
    euros : float
        What it may bring, or what is at stake; NaN where only parcels are known.
    parcels : int
        So many parcels, claims or contacts it is about.
    until : date or None
        The last day on which it can be done.
    """

    text: str
    euros: float
    parcels: int
    until: dt.date | None = None


def ranked(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Put the most money first, then the most parcels; what is about nothing is left out.

    Examples
    --------
    >>> few, many = Proposal("Ask.", 10.0, 1), Proposal("Claim.", 20.0, 3)
    >>> [one.text for one in ranked([few, many, Proposal("Wait.", 0.0, 0)])]
    ['Claim.', 'Ask.']
    """
    real = [one for one in proposals if one.parcels > 0]
    return sorted(real, key=lambda one: (-(0.0 if math.isnan(one.euros) else one.euros), -one.parcels))


def proposals_table(
    proposals: Sequence[Proposal], language: Language, *, items: str, caption: str = ""
) -> Html:
    """Show what to do, the first thing first.

    Parameters
    ----------
    proposals : sequence of Proposal
        In their order, as `ranked` gives them.
    language : Language
    items : str
        What is counted, in the reader's language: parcels, claims.
    caption : str
        What the order is, if it is another than that of `ranked`.
    """
    text = language.text
    if not proposals:
        return paragraph(text("duty.nothing_to_do"))
    rows = [
        {
            "text": one.text,
            "euros": one.euros,
            "parcels": one.parcels,
            "until": language.day(one.until) if one.until else None,
            "last_day": one.until or "",
        }
        for one in proposals
    ]
    columns = [
        Column("text", text("duty.what")),
        *(
            [Column("euros", text("duty.euros"), "euro", decimals=0)]
            if any(one.euros > 0 for one in proposals)
            else []
        ),
        Column("parcels", items, "count"),
        *(
            [Column("until", text("duty.until"), order="last_day")]
            if any(one.until for one in proposals)
            else []
        ),
    ]
    caption = caption or text("duty.to_do")
    return render_table(
        pd.DataFrame(rows), columns, caption=caption, language=language, name="to-do", caption_hidden=True
    )
