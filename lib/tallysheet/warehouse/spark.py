"""A Spark session: a master such as ``local[2]``, or a Spark Connect server."""

from __future__ import annotations

import importlib
import itertools
import os
import shutil
import subprocess
import uuid
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SETTINGS = {
    # Texts without offset are times of UTC, as in the clean tables.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    # Two hundred parts, its own choice, and plans that are made anew on the way are for a cluster.
    "spark.sql.shuffle.partitions": str(os.cpu_count() or 1),
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.autoBroadcastJoinThreshold": str(32 << 20),
}


class Spark:
    """A session of Spark; see `tallysheet.warehouse.session.Session`.

    Parameters
    ----------
    url : str
    schema : str
        A database of the catalog, or a folder that holds a folder of Parquet files for each table.
    """

    dialect = "spark"

    def __init__(self, url: str, schema: str) -> None:
        self._folder = Path(schema) if "/" in schema or os.sep in schema else None
        self.schema = "" if self._folder else schema
        self._prefix = f"{self.schema}." if self.schema else ""
        self._spark = _connected(url) if url.startswith("sc://") else _started(url)
        for name, value in _SETTINGS.items():
            self._spark.conf.set(name, value)
        for path in self._folders():
            self._spark.read.parquet(str(path)).createOrReplaceTempView(path.name)

    def _folders(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("[a-z]*") if path.is_dir()) if self._folder else []

    def tables(self) -> dict[str, list[str]]:
        """Give the tables there, and the columns of each."""
        if self._folder:
            names = [path.name for path in self._folders()]
        else:
            names = [one.name for one in self._spark.catalog.listTables(self.schema or None)]
        return {name.lower(): self._spark.table(self._prefix + name).columns for name in names}

    def lay_out(self, name: str, rows: pa.Table) -> None:
        """Lay rows out as a temporary view."""
        self._spark.createDataFrame(rows).createOrReplaceTempView(name)

    def rows(self, sql: str) -> list[list[object]]:
        """Run a SELECT."""
        return [column.to_pylist() for column in self._spark.sql(sql).toArrow().columns]

    def take_in(self, tables: Iterable[tuple[str, pa.RecordBatchReader]]) -> None:
        """Replace tables one by one; the first, which is the mark, goes at once and comes last."""
        others = iter(tables)
        mark, told = next(others)
        self._drop(mark)
        for name, reader in itertools.chain(others, [(mark, told)]):
            if self._folder:
                _replace(self._folder / name, reader)
            else:
                frame = self._spark.createDataFrame(reader.read_all())
                frame.write.mode("overwrite").saveAsTable(self._prefix + name)

    def _drop(self, name: str) -> None:
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self._folder / name, ignore_errors=True)
            return
        if self.schema:
            self._spark.sql(f"CREATE DATABASE IF NOT EXISTS {self.schema}")
        self._spark.sql(f"DROP TABLE IF EXISTS {self._prefix}{name}")

    def close(self) -> None:
        """End nothing: Java ends with this process, and other sessions share it."""


def _sessions() -> type[SparkSession]:
    """Import what makes sessions: it comes with pip install 'tallysheet[spark]' alone."""
    with warnings.catch_warnings():
        # It says that pandas 3 is new to it; only Arrow tables go in and out here.
        warnings.simplefilter("ignore", FutureWarning)
        importlib.import_module("pyspark.testing.utils")
        from pyspark.sql import SparkSession
    return SparkSession


def _connected(url: str) -> SparkSession:
    return _sessions().builder.remote(url).getOrCreate()


def _started(url: str) -> SparkSession:
    """Start Java; what it says on its own goes nowhere, as a notebook would show it."""
    sessions = _sessions()
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._active_spark_context:
        # A process has one; sessions of it do not see each other's views.
        return sessions.builder.getOrCreate().newSession()
    conf = SparkConf().setMaster(url).setAppName("tallysheet")
    local: dict[str, str] = _LOCAL if url.startswith("local") else {}
    for name, value in local.items():
        conf.set(name, value)
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    gateway = launch_gateway(conf=conf, popen_kwargs=quiet)
    return sessions(SparkContext(gateway=gateway, conf=conf))


def _replace(folder: Path, reader: pa.RecordBatchReader) -> None:
    building = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    building.mkdir()
    try:
        with pq.ParquetWriter(building / "rows.parquet", reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
