"""Run a notebook with papermill, strictly: parameters are checked before a kernel starts."""

from __future__ import annotations

import ast
import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallysheet.errors import ReportError, UsageError, nearest
from tallysheet.warm_kernel import Kernels

TIMEOUT_SECONDS = 600
WAREHOUSE_TIMEOUT_SECONDS = 3600
"""Of a cell that may wait for a warehouse, where whatever is new is added up at its first use."""


def import_no_grammars() -> None:
    """Keep jsonschema, which nbformat brings along, from compiling grammars of web addresses.

    It would do so at its import, for more than a second in every process. No schema of a notebook has an
    address, and jsonschema does without where they are not installed.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Parameter:
    """A parameter that a notebook declares: its name, type, default and comment."""

    name: str
    type: type
    default: object
    comment: str


def declared_parameters(path: Path) -> dict[str, Parameter]:
    """Read a notebook's parameters from its one cell tagged ``parameters``.

    papermill itself only warns of an unknown parameter, and a notebook without that cell lets its
    own values win; so a notebook is refused unless it declares each as ``name = literal``.

    Raises
    ------
    UsageError
        No such notebook, not exactly one such cell, or something else in it.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
        sources = ["".join(cell["source"]) for cell in tagged]
    except FileNotFoundError:
        known = sorted(other.stem for other in path.parent.glob("*.ipynb"))
        raise UsageError(f"notebook {path.stem}", "a notebook", "none", nearest(path.stem, known)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = str(error).splitlines()[0]
        raise UsageError(f"notebook {path.name}", "a notebook that reads", found, "Restore it.") from None
    if len(sources) != 1:
        raise UsageError(
            f"notebook {path.name}",
            "one cell tagged parameters",
            str(len(sources)),
            "Tag the cell that sets them.",
        )
    return {parameter.name: parameter for parameter in _assignments(path, sources[0])}


def _assignments(path: Path, source: str) -> list[Parameter]:
    lines = source.splitlines()
    parameters = []
    try:
        for node in ast.parse(source).body:
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
                raise ValueError(lines[node.lineno - 1])
            value = ast.literal_eval(node.value)
            comment = lines[node.lineno - 1].partition("#")[2].strip()
            parameters.append(Parameter(node.targets[0].id, type(value), value, comment))
    except (SyntaxError, ValueError) as error:
        raise UsageError(
            f"notebook {path.name} parameters",
            "lines of name = literal",
            str(error),
            "Move other code to another cell.",
        ) from None
    return parameters


def check_parameters(path: Path, given: dict[str, Any]) -> None:
    """Refuse a parameter that the notebook does not declare, or of another type.

    Raises
    ------
    UsageError
        The name or type is wrong.
    """
    declared = declared_parameters(path)
    for name, value in given.items():
        if name not in declared:
            raise UsageError(
                f"notebook {path.name}", "a declared parameter", repr(name), nearest(name, declared)
            )
        if type(value) is not declared[name].type:
            raise UsageError(
                f"notebook {path.name} {name}",
                f"a value of type {declared[name].type.__name__}",
                repr(value),
                "Correct the value.",
            )


def execute(
    path: Path,
    output: Path,
    parameters: dict[str, Any],
    kernels: Kernels | None = None,
    timeout_seconds: int = TIMEOUT_SECONDS,
) -> Any:
    """Run a notebook from its own folder and keep the executed copy, finished or not.

    Parameters
    ----------
    path, output : Path
        The notebook, and where its executed copy goes.
    parameters : dict
        Checked against what the notebook declares.
    kernels : Kernels or None
        Where its kernel comes from; None: it is started.
    timeout_seconds : int
        For each cell.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    UsageError
        A wrong parameter; nothing ran.
    ReportError
        A cell failed or took too long, or the kernel died.
    """
    check_parameters(path, parameters)
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    from tallysheet.warm_kernel.provisioner import WarmKernelManager

    # What a kernel's process says beside its notebook tells why it crashed, and else at most how it ended.
    stderr = output.resolve().with_suffix(".stderr.txt")
    # Its progress lines are not for readers; a failure is raised, never only logged.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        made = papermill.execute_notebook(
            str(path.resolve()),
            str(output.resolve()),
            parameters=parameters,
            kernel_name="python3",
            progress_bar=False,
            cwd=str(path.parent.resolve()),
            execution_timeout=timeout_seconds,
            # The kernel tells the terminal of its transport at each start and of its interrupt at each end;
            # what fails in a cell is raised.
            extra_arguments=["--log-level=50"],
            kernel_manager_class=WarmKernelManager,
            config=Config(
                WarmProvisioner={"control": kernels.control if kernels else -1, "stderr": str(stderr)}
            ),
        )
    except PapermillExecutionError as error:
        raise ReportError(
            f"notebook {path.name} cell {error.cell_index + 1}",
            "a cell that runs",
            f"{error.ename}: {error.evalue}".rstrip("."),
            f"See {_shown(output, path)}.",
        ) from None
    except (CellTimeoutError, DeadKernelError) as error:
        in_time = f"a cell that ends within {timeout_seconds} s"
        to_the_end = "a kernel that lives until the notebook ends"
        files = [_shown(output, path)] + [stderr.name] * (stderr.exists() and stderr.stat().st_size > 0)
        raise ReportError(
            f"notebook {path.name} cell {_last_begun(output)}",
            to_the_end if isinstance(error, DeadKernelError) else in_time,
            str(error).splitlines()[0].rstrip("."),
            f"See {' and '.join(files)}.",
        ) from None
    stderr.unlink(missing_ok=True)
    return made


def _last_begun(copy: Path) -> int:
    """Give the number of the last cell that was begun: papermill writes the copy cell by cell."""
    cells = json.loads(copy.read_text(encoding="utf-8"))["cells"]
    begun = [cell["metadata"].get("papermill", {}).get("start_time") is not None for cell in cells]
    return max((number for number, is_begun in enumerate(begun, start=1) if is_begun), default=1)


def _shown(copy: Path, notebook: Path) -> str:
    """Name an executed copy as seen from the workbook's folder, which holds that of the notebooks."""
    copy, root = copy.resolve(), notebook.resolve().parents[1]
    return copy.relative_to(root).as_posix() if copy.is_relative_to(root) else str(copy)
