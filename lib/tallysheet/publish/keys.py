"""What a page depends on: as long as none of it changes, the page need not be made again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tallysheet.inputs import fingerprint
from tallysheet.publish.plan import Job
from tallysheet.publish.surroundings import links
from tallysheet.publish.versions import versions
from tallysheet.restatement import kept_files
from tallysheet.unpack import sha256
from tallysheet.week import Week

_LIBRARY = Path(__file__).parents[1]
_KINDS = ("*.py", "*.sql", "*.toml", "*.j2", "*.css", "*.js", "*.json", "*.svg")


def page_keys(week: Week, jobs: Sequence[Job]) -> list[str]:
    """Fingerprint all that each page is made of: notebook, parameters, links, data, library, words."""
    shared = [_data(week), _library()]
    return [
        fingerprint(
            [
                sha256(job.source),
                json.dumps(job.parameters, sort_keys=True),
                repr(links(week, job.task, job.edition)),
                *shared,
            ]
        )
        for job in jobs
    ]


def _data(week: Week) -> str:
    """Fingerprint what the week's pages read: clean tables, what people wrote down, what was said before."""
    folder, as_of = week.settings.data, week.cube.as_of
    written = [*folder.glob("*.csv"), *folder.glob("*.toml"), *(folder / "sources").rglob("*.toml")]
    said = kept_files(folder / "history", week.week, as_of)
    files = [f"{path.relative_to(folder).as_posix()} {sha256(path)}" for path in sorted([*written, *said])]
    return fingerprint([week.ledger.state, as_of.isoformat(), *files])


@cache
def _library() -> str:
    """Fingerprint the library, its templates and words, and the packages that it stands on."""
    files = sorted(path for kind in _KINDS for path in _LIBRARY.rglob(kind))
    packages = (f"{name} {version}" for name, version in versions().items())
    return fingerprint([*map(sha256, files), *packages])
