"""What a run makes: for whom, in which language, and of each notebook which pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from tallysheet.errors import UsageError, nearest
from tallysheet.execute import check_parameters, declared_parameters
from tallysheet.language import AUDIENCES, Language, may_see
from tallysheet.publish.pages import file_name, page_name
from tallysheet.settings import Settings


@dataclass(frozen=True)
class Edition:
    """For whom pages are: a language, and what its readers may see.

    Parameters
    ----------
    language : Language
        With what is hidden from the audience.
    first : Language
        The workbook's first, whose pages have the plain names.
    audience : str
        ``stakeholders``, or ``internal``, whose pages stand in a folder of their own.
    """

    language: Language
    first: Language
    audience: str = AUDIENCES[0]

    @property
    def key(self) -> str:
        """Tell it from others."""
        return f"{self.audience} {self.language.code}"

    @property
    def folder(self) -> str:
        """Where its pages stand in the folder of a week: ``internal/``, or nowhere deeper."""
        return "" if self.audience == AUDIENCES[0] else f"{self.audience}/"

    def file(self, page: str) -> str:
        """Name a page's file in its folder.

        Examples
        --------
        >>> from tallysheet.language import read_language
        >>> Edition(read_language("fr"), read_language("en"), "internal").file("weekly_review")
        'weekly_review.fr.html'
        """
        return file_name(page, self.language, self.first)

    def named(self, file: str) -> str:
        """Name any file as a page is named: ``tables.fr.xlsx``."""
        path = PurePath(file)
        return PurePath(self.file(path.stem)).with_suffix(path.suffix).name


def editions_of(languages: Sequence[Language], first: Language, audience: str) -> list[Edition]:
    """Give an audience's edition in each language."""
    return [Edition(may_see(language, audience), first, audience) for language in languages]


@dataclass(frozen=True)
class Task:
    """One page to make: a notebook, the name of its executed copy, and the parameters that only it gets."""

    notebook: str
    name: str
    parameters: dict[str, Any]

    @property
    def page(self) -> str:
        """Name of the page."""
        return page_name(self.name)


def tasks_of(settings: Settings, notebooks: Sequence[str]) -> list[Task]:
    """List the pages of notebooks; one that workbook.toml repeats makes a page a value.

    Examples
    --------
    >>> from tallysheet.settings import Settings
    >>> repeated = {"11_kpis": {"family": ("delivery", "claims")}}
    >>> settings = Settings(Path("data"), (), ("11_kpis",), (), "otd", repeated=repeated)
    >>> [task.page for task in tasks_of(settings, ["11_kpis"])]
    ['kpis_delivery', 'kpis_claims']
    """
    found = []
    for notebook in notebooks:
        repeated = settings.repeated.get(notebook)
        if repeated is None:
            found.append(Task(notebook, notebook, {}))
            continue
        ((parameter, values),) = repeated.items()
        found += [Task(notebook, f"{notebook}_{value}", {parameter: value}) for value in values]
    return found


def is_for(audience: str, notebook: str, settings: Settings) -> bool:
    """Tell whether a notebook's page is made for an audience; stakeholders get them all."""
    return audience == AUDIENCES[0] or notebook in settings.internal


@dataclass(frozen=True)
class Job:
    """A page to make for an edition: its notebook and all parameters that it gets."""

    task: Task
    edition: Edition
    source: Path
    parameters: dict[str, Any]
    against: str = ""
    """What the notebook compares with, if it has a base of its own: such are views that an explorer kept."""

    @property
    def file(self) -> str:
        """Where the page stands in the week's folder."""
        return self.edition.folder + self.edition.file(self.task.page)

    @property
    def copy(self) -> str:
        """Where the executed notebook stands in the run's folder."""
        return self.edition.folder + self.edition.named(f"{self.task.name}.ipynb")


def jobs_of(
    settings: Settings,
    notebooks: Sequence[str],
    languages: Sequence[Language],
    first: Language,
    parameters: Mapping[str, Any],
) -> list[Job]:
    """Plan a run: each page of each notebook for each of its editions.

    Parameters
    ----------
    settings : Settings
    notebooks : sequence of str
    languages : sequence of Language
        Those of the run.
    first : Language
        The workbook's.
    parameters : mapping
        What every notebook gets, but for its language, its audience and what repeats it.

    Raises
    ------
    UsageError
        A notebook is missing, does not declare one of them, or is for more than one audience and does not
        ask for whom.
    """
    editions = [one for audience in AUDIENCES for one in editions_of(languages, first, audience)]
    found = []
    for task in tasks_of(settings, notebooks):
        source = settings.root / "notebooks" / f"{task.notebook}.ipynb"
        declared = declared_parameters(source)
        against = str(declared["against"].default) if "against" in declared else ""
        for edition in editions:
            if not is_for(edition.audience, task.notebook, settings):
                continue
            given = {**parameters, **task.parameters, "lang": edition.language.code}
            if "audience" in declared or edition.folder:
                given["audience"] = edition.audience
            check_parameters(source, given)
            found.append(Job(task, edition, source, given, against))
    return found


def check_notebook_names(settings: Settings, names: Sequence[str] = ()) -> list[str]:
    """Turn names that a person typed (with or without number) into notebooks' names; none: the listed ones.

    Raises
    ------
    UsageError
        No such notebook.
    """
    folder = settings.root / "notebooks"
    notebooks = sorted(path.stem for path in folder.glob("[!_]*.ipynb"))
    by_name = {page_name(name): name for name in notebooks} | {name: name for name in notebooks}
    where = "--only" if names else f"{settings.data / 'workbook.toml'}, notebooks"
    for name in names or settings.notebooks:
        if name not in by_name:
            advice = nearest(name, by_name) if notebooks else "None is there: copy those of the repository."
            raise UsageError(where, f"a notebook in {folder}", f"no {name}.ipynb", advice)
    return [by_name[name] for name in names or settings.notebooks]
