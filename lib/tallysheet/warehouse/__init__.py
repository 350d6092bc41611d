"""A warehouse: the engine that workbook.toml names, in which facts are added up; only cells come back."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import cached_property

import duckdb
import pyarrow as pa

from tallysheet.addresses import take_secrets
from tallysheet.errors import DataError
from tallysheet.settings import Settings
from tallysheet.warehouse.connect import opened
from tallysheet.warehouse.session import MARK, PLACE, Session, told_in_one_line

_REFERENCES = {
    "rules": "SELECT * FROM rules",
    "euro_rates": "SELECT * FROM euro_rates",
    "workdays": "SELECT * REPLACE (CAST(date_part('epoch', utc_offset) / 60 AS INTEGER) AS utc_offset) "
    "FROM workdays",
}
_CELLS = "cells_of_warehouse"


class Warehouse:
    """Facts added up by the engine of a connection.

    Parameters
    ----------
    settings : Settings
        Its connection is not ``duckdb``.
    ground : connection
        As `open_tables` and `set_references` make it: what facts read beside clean tables is copied.
    state : str
        That of the clean tables, which must be those that lie there.
    tables : sequence of str
        The clean tables.
    """

    def __init__(
        self, settings: Settings, ground: duckdb.DuckDBPyConnection, state: str, tables: Sequence[str]
    ) -> None:
        self._settings, self._ground, self._state, self._wanted = settings, ground, state, tables
        self._secrets = take_secrets(PLACE, settings.connection.url)

    def cells(self, select: str, keys: Sequence[str], measures: Sequence[str]) -> str:
        """Add a fact up over the ground's calendar.

        Parameters
        ----------
        select : str
            That of the fact, in DuckDB's dialect.
        keys, measures : sequence of str
            Columns of it: by which it is added up, and what is.

        Returns
        -------
        str
            A SELECT of the cells, over the ground.

        Raises
        ------
        DataError
            No connection, other tables than the clean ones, or no answer.
        """
        from tallysheet.warehouse.statements import added_up

        try:
            found = self._answer(added_up(select, keys, measures)) or [[] for _ in (*keys, *measures)]
        except DataError:
            # Who asks again is connected anew.
            self.__dict__.pop("_session", None)
            self.__dict__.pop("_tables", None)
            raise
        columns = {
            name: pa.array(values, _kind(name, name in measures))
            for name, values in zip((*keys, *measures), found, strict=True)
        }
        self._ground.register(_CELLS, pa.table(columns))
        return f"SELECT * FROM {_CELLS}"

    def _answer(self, select: str) -> list[list[object]]:
        from tallysheet.warehouse.statements import written

        session = self._session
        statement = written(select, session.dialect, self._tables, session.schema)
        with told_in_one_line(self._secrets, "an answer", "Run it again once the connection stands."):
            session.lay_out("calendar", self._laid_out("SELECT * FROM calendar"))
            return session.rows(statement)

    @cached_property
    def _session(self) -> Session:
        session = opened(self._settings, self._secrets)
        weakref.finalize(self, session.close)
        return session

    @cached_property
    def _tables(self) -> dict[str, list[str]]:
        """The clean tables there with their columns; what facts read beside them is laid out with them."""
        session = self._session
        with told_in_one_line(self._secrets, "tables that can be read", "Ask for the right to read them."):
            found = session.tables()
            place = f"in {session.schema}" if session.schema else "there"
            for name in (*([] if self._is_mapped else [MARK]), *self._wanted):
                if name not in found:
                    advice = "Run tallysheet push, or name the schema in which the tables lie."
                    raise DataError(PLACE, f"the table {name}", f"none {place}", advice)
            if not self._is_mapped:
                self._check_state(session, place)
            for name, select in _REFERENCES.items():
                session.lay_out(name, self._laid_out(select))
        return {name: found[name] for name in self._wanted}

    @property
    def _is_mapped(self) -> bool:
        return self._settings.connection.mapped

    def _check_state(self, session: Session, place: str) -> None:
        prefix = f"{session.schema}." if session.schema else ""
        ((state,),) = session.rows(f"SELECT state FROM {prefix}{MARK}")
        if state != self._state:
            advice = "Run tallysheet push."
            raise DataError(PLACE, f"the clean tables {self._state}", f"{state} {place}", advice)

    def _laid_out(self, select: str) -> pa.Table:
        return self._ground.sql(select).to_arrow_table()


def _kind(name: str, is_measure: bool) -> pa.DataType:
    if name == "seen_at":
        return pa.timestamp("us")
    if is_measure:
        return pa.int64()
    return pa.int32() if name.endswith("_bin") else pa.string()
