"""Finds the one key that a request carries, exactly as the server does (both are held against
tests/vectors/credentials.json). Two are refused before anything is looked up: two readers of the
request could take it for two callers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

#: `bearer`, or `header:` and a name.
CARRIERS = ("bearer", "header:X-API-Key")
#: The scheme in any case, one or more spaces, a token68.
_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/=]+) *", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    secret: str = field(default="", repr=False)
    #: Of the refusal, where there is not exactly one.
    code: str | None = None


def find_credential(headers: Iterable[tuple[str, str]], carriers: Sequence[str]) -> Found:
    names = {
        "authorization" if it == "bearer" else it.removeprefix("header:").lower() for it in carriers
    }
    carried = [(name.lower(), value) for name, value in headers if name.lower() in names]
    if len(carried) > 1:
        return Found(code="duplicate_credentials")
    for name, value in carried:
        secret = _bearer_token(value) if name == "authorization" else value.strip(" \t")
        if secret:
            return Found(secret)
    # Something that cannot be a key is the same as none.
    return Found(code="api_key_missing")


def _bearer_token(value: str) -> str:
    match = _BEARER.fullmatch(value)
    return match[1] if match else ""
