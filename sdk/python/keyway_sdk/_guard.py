"""What the guards of all frameworks have in common: from a request to a principal, or to the answer
that refuses it.

It fails closed. Whatever goes wrong on the way, an exception of the product's own functions
included, is 503: never allowed, and never 401, which would send the key's user after a fault that
is not theirs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ._codes import CODES
from ._credential import CARRIERS, find_credential
from .errors import KeyRefused, KeywayError, Undecided
from .wire import Principal

_log = logging.getLogger("keyway_sdk")

R = TypeVar("R")
#: A word, or how it is found in a request.
Of = str | Callable[[R], str] | None
OnUndecided = Callable[[Exception], None]


class AsyncVerifier(Protocol):
    """Whoever can say whether a key is let through: `AsyncKeyway`, and `MockKeyway` in tests."""

    def verify(
        self,
        secret: str,
        *,
        permissions: Sequence[str] = (),
        resource: str | None = None,
        organization: str | None = None,
        environment: str | None = None,
        ip: str | None = None,
    ) -> Awaitable[Principal]: ...


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that refuses a request: problem details of RFC 9457."""

    status: int
    title: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Asked:
    """What is asked about the key of a request, besides its permissions."""

    resource: str | None
    organization: str | None
    environment: str | None
    ip: str | None


def word(name: str, value: Of[R], request: R) -> str | None:
    """A function must give a word: left out, it would be another and perhaps a milder question."""
    if value is None:
        return None
    text = value(request) if callable(value) else value
    if not isinstance(text, str) or not text:
        raise TypeError(f"no {name} for this request")
    return text


async def admit(
    verifier: AsyncVerifier,
    headers: Iterable[tuple[bytes, bytes]],
    permissions: Sequence[str],
    ask: Callable[[], Asked],
    carriers: Sequence[str] = CARRIERS,
    on_undecided: OnUndecided | None = None,
) -> Principal:
    """What the key stands for; raises `Refusal`."""
    texts = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    found = find_credential(texts, carriers)
    if found.code is not None:
        raise _refusal(found.code, 401 if found.code == "api_key_missing" else 400)
    try:
        asked = ask()
        return await verifier.verify(
            found.secret,
            permissions=permissions,
            resource=asked.resource,
            organization=asked.organization,
            environment=asked.environment,
            ip=asked.ip,
        )
    except KeyRefused as error:
        refusal = _refused(error, on_undecided)
    except Exception as error:
        refusal = _undecided(error, on_undecided)
    # Outside of the block, so that no error of below is its context.
    raise refusal


def _refused(error: KeyRefused, on_undecided: OnUndecided | None) -> Refusal:
    if not 400 <= error.status < 500:
        return _undecided(error, on_undecided)
    missing = ", ".join(error.missing_permissions)
    detail = f"it needs {missing}" if missing else None
    wait = 1 if error.retry_after_seconds is None else error.retry_after_seconds
    return _refusal(error.code, error.status, error.title, detail, wait)


def _undecided(error: Exception, on_undecided: OnUndecided | None) -> Refusal:
    (on_undecided or _report)(error)
    after = error.retry_after_seconds if isinstance(error, Undecided) else None
    return _refusal("undecided", 503, retry_after=1 if after is None else after)


def _refusal(
    code: str,
    status: int,
    title: str | None = None,
    detail: str | None = None,
    retry_after: int = 1,
) -> Refusal:
    words = CODES.get(code)
    title = title or (words.title if words else "The API key is refused")
    problem = {"title": title, "status": status, "code": code}
    if detail or words:
        problem["detail"] = detail or (words.happened if words else "")
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    challenge = _challenge(code, status)
    if challenge:
        headers["www-authenticate"] = challenge
    if status in (429, 503):
        headers["retry-after"] = str(retry_after)
    return Refusal(status, title, headers, json.dumps(problem).encode())


def _challenge(code: str, status: int) -> str | None:
    if status == 400:
        return 'Bearer error="invalid_request"'
    if code == "insufficient_permissions":
        return 'Bearer error="insufficient_scope"'
    if status != 401:
        return None
    return "Bearer" if code == "api_key_missing" else 'Bearer error="invalid_token"'


def _report(error: Exception) -> None:
    # Errors of this package hold no secret; what others put into a message is not known.
    what = str(error) if isinstance(error, KeywayError) else type(error).__name__
    _log.error("a request was answered 503: %s", what)
