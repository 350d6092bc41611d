"""The one script that a page may hold, and the policy that lets a browser run no other."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from tallysheet.tables import TEMPLATE


@cache
def script() -> str:
    """Give the script of every page: tables that sort, and a search in the page of all weeks."""
    return (TEMPLATE / "page.js").read_text(encoding="utf-8").strip()


@cache
def policy() -> str:
    """Give the Content-Security-Policy of every page: nothing from elsewhere, and of scripts this one alone.

    Examples
    --------
    >>> policy()
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-...='"
    """
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
