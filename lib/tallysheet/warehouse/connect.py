"""Connect to the engine that workbook.toml names."""

from __future__ import annotations

from collections.abc import Mapping

from tallysheet.addresses import filled
from tallysheet.settings import Settings
from tallysheet.warehouse.session import Session, told_in_one_line

_SPARK = ("local", "spark://", "yarn", "k8s://", "sc://")
"""How the address of a Spark master or of a Spark Connect server begins."""


def opened(settings: Settings, secrets: Mapping[str, str]) -> Session:
    """Connect as workbook.toml says.

    Raises
    ------
    DataError
        The address is unknown, a package is not installed, or the engine does not let us in.
    """
    url, schema = filled(settings.connection.url, dict(secrets)), settings.connection.schema
    is_spark = url.startswith(_SPARK)
    extra = "spark" if is_spark else "warehouse"
    advice = f"Correct the connection or its secret; it needs pip install 'tallysheet[{extra}]'."
    with told_in_one_line(secrets, "a connection that opens", advice):
        if not is_spark:
            from tallysheet.warehouse.relational import Relational

            return Relational(url, schema)
        from tallysheet.warehouse.spark import Spark

        if url.startswith("local") and not schema:
            schema = "warehouse/"
        # A folder is one of the data folder, or has a path of its own.
        return Spark(url, str(settings.data / schema) if "/" in schema else schema)
