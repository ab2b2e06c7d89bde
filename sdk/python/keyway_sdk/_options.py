"""What a client is told, read once: arguments first, then the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import httpx

from .errors import ConfigurationError

#: Longer than any verification takes, short enough that a product's request does not hang on it.
VERIFY_TIMEOUT_SECONDS = 3.0
#: Longer than the server waits by itself until a change is in force everywhere.
TIMEOUT_SECONDS = 60.0
RETRIES = 2


@dataclass(frozen=True)
class Settings:
    url: httpx.URL
    token: str = field(repr=False)
    verify_timeout: float
    timeout: float
    retries: int


def read_options(
    url: str | None, token: str | None, verify_timeout: float, timeout: float, retries: int
) -> Settings:
    return Settings(
        url=_parse_url(url or _from_environment("KEYWAY_URL", "url")),
        token=_parse_token(token or _from_environment("KEYWAY_TOKEN", "token")),
        verify_timeout=_positive("verify_timeout", verify_timeout),
        timeout=_positive("timeout", timeout),
        retries=retries,
    )


def _from_environment(variable: str, argument: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigurationError(
            f"{variable} is not set: set it, or give `{argument}` "
            "(`keyway dev` prints both at its start)"
        )
    return value


def _parse_url(unverified: str) -> httpx.URL:
    """Refusals do not repeat what was given: it may be a token in the wrong place."""
    url = _to_url(unverified)
    if url is None or url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise ConfigurationError("the address of the server is not an http or https address")
    return url.copy_with(query=None, fragment=None)


def _to_url(unverified: str) -> httpx.URL | None:
    try:
        return httpx.URL(unverified)
    except httpx.InvalidURL:
        return None


def _parse_token(unverified: str) -> str:
    """Read here, because the errors of others for a bad header quote the header."""
    if not re.fullmatch(r"[\x21-\x7e]+", unverified):
        raise ConfigurationError("the management key holds characters that no key has")
    return unverified


def _positive(name: str, seconds: float) -> float:
    if not seconds > 0:
        raise ConfigurationError(f"{name} must be more than 0")
    return seconds
