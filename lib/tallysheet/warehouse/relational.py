"""A database behind SQLAlchemy."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import sqlalchemy as sa

from tallysheet.errors import DataError, nearest
from tallysheet.warehouse.session import PLACE

_DIALECTS = {
    **{"postgresql": "postgres", "redshift": "redshift", "snowflake": "snowflake", "bigquery": "bigquery"},
    **{"databricks": "databricks", "trino": "trino", "mysql": "mysql", "mariadb": "mysql"},
    **{"mssql": "tsql", "clickhouse": "clickhouse"},
}
"""Names of SQLAlchemy, and those of sqlglot."""
_ROWS = 5_000


class Relational:
    """A session of a database; see `tallysheet.warehouse.session.Session`."""

    def __init__(self, url: str, schema: str) -> None:
        kind = url.partition("://")[0].partition("+")[0]
        if kind not in _DIALECTS:
            raise DataError(PLACE, "a database that facts can be written for", repr(kind), _advice(kind))
        self.dialect, self.schema = _DIALECTS[kind], schema
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgres" else {}
        self._connection = sa.create_engine(url, poolclass=sa.NullPool, **options).connect()
        if self.dialect == "postgres":
            # Compiling costs more than it brings, and sorts of a few million rows stay in memory.
            with self._connection.begin():
                self._connection.exec_driver_sql("SET jit = off")
                self._connection.exec_driver_sql("SET work_mem = '64MB'")

    def tables(self) -> dict[str, list[str]]:
        """Give the tables and views there, and the columns of each."""
        with self._connection.begin():
            found = sa.inspect(self._connection)
            names = [*found.get_table_names(self.schema or None), *found.get_view_names(self.schema or None)]
            return {name.lower(): self._columns(found, name) for name in names}

    def _columns(self, found: sa.Inspector, name: str) -> list[str]:
        return [str(column["name"]).lower() for column in found.get_columns(name, self.schema or None)]

    def lay_out(self, name: str, rows: pa.Table) -> None:
        """Lay rows out as a temporary table."""
        table = self._table(name, rows.schema, prefixes=["TEMPORARY"])
        with self._connection.begin():
            self._connection.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
            table.create(self._connection)
            self._fill(table, rows.to_reader())

    def rows(self, sql: str) -> list[list[object]]:
        """Run a SELECT."""
        with self._connection.begin():
            # Without parameters a percent sign is one, and no place for a value.
            plain = {"no_parameters": True}
            found = self._connection.exec_driver_sql(sql, execution_options=plain).fetchall()
        return [list(column) for column in zip(*found, strict=True)]

    def take_in(self, tables: Iterable[tuple[str, pa.RecordBatchReader]]) -> None:
        """Replace tables in one transaction, where the database has such."""
        with self._connection.begin():
            if self.schema and not sa.inspect(self._connection).has_schema(self.schema):
                self._connection.execute(sa.schema.CreateSchema(self.schema))
            for name, reader in tables:
                table = self._table(name, reader.schema, schema=self.schema or None)
                table.drop(self._connection, checkfirst=True)
                table.create(self._connection)
                self._fill(table, reader)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _table(self, name: str, columns: pa.Schema, **options: Any) -> sa.Table:
        shown = [sa.Column(column.name, self._kind(column.type), nullable=True) for column in columns]
        return sa.Table(name, sa.MetaData(), *shown, **options)

    def _kind(self, kind: pa.DataType) -> Any:
        if pa.types.is_boolean(kind):
            return sa.Boolean()
        if pa.types.is_floating(kind):
            return sa.Double()
        if pa.types.is_integer(kind):
            return sa.BigInteger() if kind.bit_width == 64 else sa.Integer()
        if pa.types.is_timestamp(kind):
            return sa.DateTime()
        if pa.types.is_date(kind):
            return sa.Date()
        # DuckDB compares texts by their bytes.
        return sa.Text(collation="C") if self.dialect == "postgres" else sa.Text()

    def _fill(self, table: sa.Table, reader: pa.RecordBatchReader) -> None:
        if self.dialect == "postgres":
            self._copy(table, reader)
            return
        for batch in reader:
            for start in range(0, batch.num_rows, _ROWS):
                self._connection.execute(table.insert(), batch.slice(start, _ROWS).to_pylist())

    def _copy(self, table: sa.Table, reader: pa.RecordBatchReader) -> None:
        """Let PostgreSQL read the rows as one stream: fifty times faster than INSERT."""
        driver: Any = self._connection.connection.driver_connection
        name = self._connection.dialect.identifier_preparer.format_table(table)
        with driver.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
            for batch in reader:
                text = io.BytesIO()
                # Nothing is written for NULL, and quotes around every text, also an empty one.
                csv.write_csv(batch, text, csv.WriteOptions(include_header=False))
                copy.write(text.getvalue())
        self._connection.exec_driver_sql(f"ANALYZE {name}")


def _advice(kind: str) -> str:
    return nearest(kind, ["duckdb", "local", "spark", "sc", *_DIALECTS])
