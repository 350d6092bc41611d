"""Written once: a papermill engine that writes a run's copy when it has ended, not twice a cell."""

from __future__ import annotations

from typing import Any

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

ENGINE = "written-once"


class WrittenOnce(NBClientEngine):
    """Run a notebook; its copy is written without outputs as it begins, and whole once it has ended.

    papermill's own engine writes all outputs so far before and after each cell.
    """

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> None:
        """Run the cells; however they end, papermill writes the copy next."""
        copy, nb_man.output_path = nb_man.output_path, None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.output_path = copy


papermill_engines.register(ENGINE, WrittenOnce)
