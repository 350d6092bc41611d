"""What may be asked for next is added up while nobody asks."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb

from tallysheet.week import Week

_SOON = 0.02


class Ahead:
    """Adds KPIs up by all their dimensions at once, one after the other, in a thread of its own.

    Whoever asks goes first: what is being added up then is broken off, and begun anew afterwards.
    """

    def __init__(self) -> None:
        self._turn = threading.RLock()
        self._waiting: deque[tuple[Week, str]] = deque()
        self._added_up: set[tuple[Week, str]] = set()
        self._busy: Week | None = None
        self._thread: threading.Thread | None = None

    def begin(self, asked: Iterable[tuple[Week, str]]) -> None:
        """Take in hand what may be asked for: weeks and slugs of KPIs, the likeliest first."""
        with self.held_back():
            self._waiting = deque(one for one in asked if one not in self._added_up)
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="adding up ahead")
                self._thread.start()
                # The engine may not be cut off in the middle when Python ends.
                atexit.register(self.stop)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let somebody ask."""
        while not self._turn.acquire(timeout=_SOON):
            if busy := self._busy:
                busy.cube.break_off()
        try:
            yield
        finally:
            self._turn.release()

    def finish(self, seconds: float) -> bool:
        """Wait until all is added up, so long at most; say whether it is."""
        end = time.monotonic() + seconds
        while self._waiting and time.monotonic() < end:
            time.sleep(_SOON)
        return not self._waiting

    def stop(self) -> None:
        """Let go of what was to be added up."""
        thread = self._thread
        with self.held_back():
            self._waiting.clear()
        if thread is not None:
            thread.join()
        atexit.unregister(self.stop)

    def _work(self) -> None:
        # One that found nothing to do may still be asleep when the next is begun: two would take turns.
        while self._thread is threading.current_thread():
            with self._turn:
                self._add_up_next()
            time.sleep(2 * _SOON)  # so that whoever asks gets a turn

    def _add_up_next(self) -> None:
        asked = self._waiting
        if not asked:
            self._thread = None
            return
        self._busy, slug = asked[0]
        try:
            self._busy.kpi(slug).lay_out()
            self._added_up.add(asked.popleft())
        except duckdb.InterruptException:
            pass  # Somebody asks; this waits for its turn again.
        finally:
            self._busy = None
