"""Explore a week in JupyterLab: choose, look inside a part, copy the code, keep the view as a notebook."""

from tallysheet.explorer.panel import Explorer, explore
from tallysheet.explorer.view import View

__all__ = ["Explorer", "View", "explore"]
