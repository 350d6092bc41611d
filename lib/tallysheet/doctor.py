"""What keeps a workbook from running: each thing that is looked at, what was found, and how to mend it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallysheet.errors import TallysheetError
from tallysheet.settings import Settings, read_settings

if TYPE_CHECKING:
    from tallysheet.sources import Source

# What stands on other packages is imported once they are known to be there.

KERNEL = "python3"
"""The kernel that every notebook names, so that it runs in any environment."""

_PIN = re.compile(r"^([\w.-]+)==([^\s;]+)")


@dataclass(frozen=True)
class Check:
    """Something that was looked at.

    Parameters
    ----------
    what : str
        What was looked at.
    found : str
        What was found, in a few words.
    do : str
        How to mend it; empty: it is as it should be.
    """

    what: str
    found: str
    do: str = ""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.do


def examine(data: str | Path = "data") -> list[Check]:
    """Look at all that a report needs: Python and packages, kernel, settings, extracts, notebooks, folders.

    Nothing is loaded, written or started.

    Returns
    -------
    list of Check
        In the order in which they are to be mended.

    Examples
    --------
    >>> [check.what for check in examine("data/flights") if not check.is_well]
    []
    """
    checks = list(_environment())
    if not all(check.is_well for check in checks):
        return checks
    from tallysheet.sources import read_sources

    try:
        settings = read_settings(data)
        sources = read_sources(settings)
    except TallysheetError as error:
        return [*checks, Check(error.where, error.found, error.do)]
    checks += _library(settings)
    checks += _kernels(settings)
    if not settings.connection.is_here:
        checks.append(_connection(settings))
    if not settings.connection.mapped:
        checks += _extracts(settings, sources)
    checks += _written(settings)
    checks += _notebooks(settings)
    checks += _manifests(settings)
    checks += [_folder(folder) for folder in (settings.data / "clean", settings.reports)]
    return checks


def _connection(settings: Settings) -> Check:
    """Connect to the warehouse, and count the tables there."""
    from tallysheet.warehouse.mapped import tables_there

    try:
        found = tables_there(settings)
    except TallysheetError as error:
        return Check(error.where, error.found, error.do)
    place = settings.connection.schema or "the warehouse"
    advice = "" if found else "Run tallysheet push, or name the schema in which the tables lie."
    return Check("connection", f"{len(found)} tables in {place}", advice)


def _extracts(settings: Settings, sources: list[Source]) -> Iterator[Check]:
    """Look at each source's extracts, at files that are none, and at what was loaded of them."""
    from tallysheet.inputs import unclaimed

    if any(source.database or source.has_extract() for source in sources):
        yield from (_extract(settings, source) for source in sources)
    else:
        advice = "Put yours there, or run tallysheet sample to have some to try it on."
        yield Check("extracts", f"none in {settings.data / 'raw'}", advice)
    if strays := [path.name for path in unclaimed(settings, sources)]:
        told = f"{len(strays)} that no source takes: {', '.join(strays[:5])}"
        advice = (
            "Name them as the others of their source are named, add their source to workbook.toml, or move "
            "them out of the folder."
        )
        yield Check(f"folder {settings.data / 'raw'}", told, advice)
    yield _loaded(settings, sources)


def _environment() -> Iterator[Check]:
    """Hold the installed packages against those that the library needs."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    wanted = sys.version_info >= (3, 11)
    yield Check("Python", version, "" if wanted else "Make an environment with Python 3.11 or newer.")
    missing = []
    for line in metadata.requires("tallysheet") or []:
        if "extra ==" in line:
            continue
        name = re.split(r"[^\w.-]", line)[0]
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    advice = "Run make report, or pip install -e . -c requirements.lock." if missing else ""
    yield Check("packages", f"missing: {', '.join(missing)}" if missing else "all there", advice)


def _library(settings: Settings) -> Iterator[Check]:
    """Tell whether this is the workbook's own library, with the versions that it locks."""
    own, here = settings.root / "lib" / "tallysheet", Path(__file__).parent
    if own.is_dir():
        is_own = own.resolve() == here.resolve()
        advice = f"Run {settings.root / '.venv' / 'bin' / 'tallysheet'}, or install this folder: make report."
        yield Check("library", str(here), "" if is_own else advice)
    lock = settings.root / "requirements.lock"
    if not lock.is_file():
        return
    others = list(_other_versions(lock))
    told = f"other than locked: {', '.join(others[:5])}{' and more' if len(others) > 5 else ''}"
    advice = f"Run pip install -e . -c {lock.name}, or remove .venv and run make report."
    yield Check("versions", told if others else "as locked", advice if others else "")


def _other_versions(lock: Path) -> Iterator[str]:
    """Name the installed packages whose version is not the locked one."""
    locked: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if pin := _PIN.match(line):
            locked.setdefault(pin[1], set()).add(pin[2])
    for name, versions in locked.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:  # of another system, or of an extra
            continue
        if installed not in versions:
            yield f"{name} {installed}"


def _kernels(settings: Settings) -> Iterator[Check]:
    """Tell whether the kernel's name leads to this Python; another of that name may stand before it."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(KERNEL)
    except NoSuchKernel:
        yield Check("kernel", f"no {KERNEL}", f"Run {sys.executable} -m ipykernel install --sys-prefix.")
        return
    program = str(spec.argv[0])
    # A bare name is that of the environment itself, whatever the search path says.
    is_own = not os.path.isabs(program) or Path(program).resolve() == Path(sys.executable).resolve()
    advice = f"Remove it: jupyter kernelspec remove {KERNEL} (it stands in {spec.resource_dir})."
    yield Check("kernel", program if os.path.isabs(program) else sys.executable, "" if is_own else advice)


def _extract(settings: Settings, source: Source) -> Check:
    """Tell whether a source has files that are whole as far as can be seen at once, and how many."""
    from tallysheet.extract import is_cut_off

    what = f"extract {source.name}"
    if source.database:
        return Check(what, f"a query, {source.database.name}")
    pattern = source.files[0].pattern
    shown = pattern.relative_to(settings.data) if pattern.is_relative_to(settings.data) else pattern
    if not source.has_extract():
        advice = f"Put it there, correct its path, or take {source.name} out of sources in workbook.toml."
        return Check(what, f"none like {shown}", advice)
    paths = source.files[0].paths()
    advice = "Extract it again, or move it out of the folder."
    if empty := [path.name for path in paths if path.stat().st_size == 0]:
        return Check(what, f"empty: {', '.join(empty)}", advice)
    if damaged := [path.name for path in paths if is_cut_off(path)]:
        return Check(what, f"damaged: {', '.join(damaged)}", advice)
    return Check(what, f"{len(paths)} of {shown}")


def _loaded(settings: Settings, sources: list[Source]) -> Check:
    """Tell what the last load left, and whether extracts came since."""
    from tallysheet.ledger import read_record

    try:
        record = read_record(settings.data / "clean" / "ledger.json")
    except TallysheetError as error:
        return Check("clean tables", error.found, error.do)
    if not record.get("state"):
        return Check("clean tables", "none yet; the first report makes them")
    known: dict[str, set[str]] = {}
    for file in record["files"]:
        known.setdefault(file["source"], set()).add(file["file"])
    new = [
        path.name
        for source in sources
        for path in source.files[0].paths()
        if path.exists() and path.name not in known.get(source.name, set())
    ]
    told = f"as of {record['as_of']}"
    return Check("clean tables", f"{told}; {len(new)} newer files wait for the next load" if new else told)


def _written(settings: Settings) -> Iterator[Check]:
    """Read what people write down beside the extracts."""
    from tallysheet.actions import read_actions
    from tallysheet.personal import personal_key
    from tallysheet.rebases import read_rebases

    for name, read in (("actions.csv", read_actions), ("rebases.csv", read_rebases)):
        try:
            rows = read(settings.data / name)
        except TallysheetError as error:
            yield Check(error.where, error.found, error.do)
            continue
        if rows:
            yield Check(name, f"{len(rows)} rows")
    try:
        personal_key()
    except TallysheetError as error:
        yield Check(error.where, error.found, error.do)


def _notebooks(settings: Settings) -> Iterator[Check]:
    """Tell of notebooks that are not there, cannot be told a week, or name another kernel."""
    from tallysheet.execute import declared_parameters
    from tallysheet.publish.plan import check_notebook_names

    try:
        check_notebook_names(settings)
    except TallysheetError as error:
        yield Check("notebooks", error.found, error.do)
        return
    for path in sorted((settings.root / "notebooks").glob("[!_]*.ipynb")):
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            kernel = content.get("metadata", {}).get("kernelspec", {}).get("name", "none")
            if path.stem in settings.notebooks:
                declared_parameters(path)
        except (TallysheetError, ValueError) as error:
            do = error.do if isinstance(error, TallysheetError) else "Restore it."
            yield Check(f"notebook {path.stem}", str(error).splitlines()[0], do)
            continue
        if kernel != KERNEL:
            advice = "Choose Kernel, Change Kernel, Python 3 (ipykernel) in JupyterLab, and save."
            yield Check(f"notebook {path.stem}", f"kernel {kernel}", advice)
    yield Check("notebooks", f"{len(settings.notebooks)} in the schedule")


def _manifests(settings: Settings) -> Iterator[Check]:
    """Tell of weeks of which nothing says any more what was published."""
    from tallysheet.publish.folders import WRITE_ANEW, damaged_manifests

    for week, path in damaged_manifests(settings.reports).items():
        shown = path.relative_to(settings.root).as_posix()
        yield Check(shown, "damaged", WRITE_ANEW.format(week=week))


def _folder(folder: Path) -> Check:
    """Tell whether a folder can be written to, or made."""
    there = next(parent for parent in [folder, *folder.parents] if parent.is_dir())
    can = os.access(there, os.W_OK | os.X_OK)
    if can:
        return Check(f"folder {folder.name}", "can be written to")
    return Check(
        f"folder {folder.name}", "cannot be written to", f"Give yourself the right to write in {there}."
    )
