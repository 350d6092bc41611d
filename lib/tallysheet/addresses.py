"""Addresses of databases: their secrets come from the environment, and nothing that is told shows them."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

from tallysheet.errors import DataError

_PART = 3
"""Parts of a secret that are shorter say nothing, and stand in many words."""
_SECRET = re.compile(r"\$\{(\w+)\}")
_LOGIN = re.compile(r"://[^/@?\s]*:([^@\s]*)@")
_OPTION = re.compile(
    # sslkey names a file.
    r"[?;&][\w.-]*(?:token|password|passwd|pwd|passphrase|secret|(?<!ssl)key)=([^&;\s]*)",
    re.IGNORECASE,
)


def take_secrets(where: str, address: str) -> dict[str, str]:
    """Take what ``${NAME}`` stands for from the environment, so that no secret stands in a file.

    Raises
    ------
    DataError
        There is no such name in the environment.
    """
    names = _SECRET.findall(address)
    for name in names:
        if name not in os.environ:
            raise DataError(where, f"{name} in the environment", "nothing", f"Set {name}.")
    return {name: os.environ[name] for name in names}


def filled(address: str, secrets: dict[str, str]) -> str:
    """Give an address with its secrets."""
    return _SECRET.sub(lambda name: secrets[name[1]], address)


def hidden(text: str, secrets: dict[str, str]) -> str:
    """Write the name for a secret, and for its parts: drivers repeat what they take for a host or a port.

    Examples
    --------
    >>> hidden("no host named s3cret", {"PASSWORD": "s3cret"})
    'no host named ${PASSWORD}'
    """
    for name, secret in secrets.items():
        parts = [part for part in re.split(r"[^\w-]+", unquote(secret)) if len(part) >= _PART]
        for part in [secret, unquote(secret), *parts]:
            text = text.replace(part, f"${{{name}}}") if part else text
    return text


def has_plain_secret(address: str) -> bool:
    """Tell whether a password or token stands in an address as it is.

    Examples
    --------
    >>> has_plain_secret("postgresql://reader:s3cret@host/base")
    True
    >>> has_plain_secret("postgresql://reader:${PASSWORD}@host/base")
    False
    """
    # An ODBC address holds the driver's own, in which signs are written as %3B.
    found = [*_LOGIN.findall(address), *_OPTION.findall(address), *_OPTION.findall(unquote(address))]
    return any(secret and not _SECRET.fullmatch(secret) for secret in found)
