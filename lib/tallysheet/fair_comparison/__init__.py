"""A group compared fairly with the others, on any counts: among what is alike, and before and after."""

from tallysheet.fair_comparison.before_after import BeforeAfter, before_and_after
from tallysheet.fair_comparison.estimates import Estimate
from tallysheet.fair_comparison.habits import first_periods, habits
from tallysheet.fair_comparison.like_with_like import LikeWithLike, like_with_like
from tallysheet.fair_comparison.savings import savings

__all__ = [
    "BeforeAfter",
    "Estimate",
    "LikeWithLike",
    "before_and_after",
    "first_periods",
    "habits",
    "like_with_like",
    "savings",
]
