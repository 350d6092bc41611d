"""A new notebook from the workbook's template: it runs, publishes and keeps to all rules as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tallysheet.errors import DataError, UsageError
from tallysheet.files import write_text
from tallysheet.publish.pages import page_name
from tallysheet.settings import read_settings

TEMPLATE = "_template.ipynb"


def new_notebook(name: str, data: str | Path = "data") -> Path:
    """Copy notebooks/_template.ipynb under a name.

    Parameters
    ----------
    name : str
        Small letters, digits and ``_``; a number in front puts it in its place among the others.
    data : str or Path

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    UsageError
        Not such a name, or a notebook or page of that name is there already.
    DataError
        There is no template.

    Examples
    --------
    >>> new_notebook("Late parcels")
    Traceback (most recent call last):
        ...
    tallysheet.errors.UsageError: notebook: expected a name such as 61_late_parcels, found 'Late parcels'. ...
    """
    if not re.fullmatch(r"(\d+_)?[a-z][a-z0-9_]*", name):
        raise UsageError(
            "notebook", "a name such as 61_late_parcels", repr(name), "Use small letters, digits and _."
        )
    folder = read_settings(data).root / "notebooks"
    # Of two with the same name but for their numbers, one page would take the other's place.
    pages = {page_name(path.stem): path.name for path in folder.glob("*.ipynb")}
    if page_name(name) in pages:
        raise UsageError("notebook", "a new name", pages[page_name(name)], "Choose another name.")
    template = folder / TEMPLATE
    if not template.is_file():
        raise DataError(
            str(template), "the template of notebooks", "none", "Bring it back from the repository."
        )
    content = json.loads(template.read_text(encoding="utf-8"))
    path = folder / f"{name}.ipynb"
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path
