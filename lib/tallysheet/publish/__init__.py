"""Publish a week: run its notebooks, make pages of them, check them, then swap them in."""
