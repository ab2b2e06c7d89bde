"""One call as a value: what is sent, and what an answer to it means."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from ._options import Settings
from ._routes import IDEMPOTENT_ROUTES
from .errors import KeywayError, Unreachable, problem_error, undecided

NDJSON = "application/x-ndjson"


@dataclass(frozen=True)
class Terms:
    """On which terms a change is made."""

    version: int | None = None
    idempotency_key: str | None = None
    wait: str | None = None


@dataclass(frozen=True)
class Call:
    method: str
    #: As the OpenAPI document has it: `/v1/keys/{id}`.
    route: str
    #: What stands in the place of its braces.
    id: str | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    terms: Terms = field(default_factory=Terms)
    #: It changes nothing, and somebody waits for it.
    is_question: bool = False
    #: A change that is the same when it is made twice.
    is_repeatable: bool = False

    @property
    def is_keyed(self) -> bool:
        return self.method == "POST" and self.route in IDEMPOTENT_ROUTES

    @property
    def is_safe(self) -> bool:
        """Whether making it again cannot do anything twice."""
        return self.method == "GET" or self.is_keyed or self.is_question or self.is_repeatable


@dataclass(frozen=True)
class Request:
    """What goes out, the same for all attempts, its `Idempotency-Key` above all."""

    method: str
    url: httpx.URL
    headers: dict[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back, read to its end."""

    status: int
    headers: httpx.Headers
    content: bytes = field(repr=False)


def to_request(call: Call, settings: Settings) -> Request:
    headers = {"authorization": f"Bearer {settings.token}", "accept": "application/json"}
    content = None
    if isinstance(call.body, bytes):
        content, headers["content-type"] = call.body, NDJSON
    elif call.body is not None:
        content, headers["content-type"] = json.dumps(call.body).encode(), "application/json"
    if call.terms.version is not None:
        headers["if-match"] = f'"{call.terms.version}"'
    if call.is_keyed:
        headers["idempotency-key"] = call.terms.idempotency_key or str(uuid.uuid4())
    return Request(call.method, _url(call, settings.url), headers, content)


def _url(call: Call, server: httpx.URL) -> httpx.URL:
    before, brace, after = call.route.partition("{")
    path = before + _segment(call.id) + after.partition("}")[2] if brace else before
    query = {**call.query, "wait": call.terms.wait}
    words = {name: _word(value) for name, value in query.items() if value is not None}
    raw = server.raw_path.decode().rstrip("/") + path
    params = httpx.QueryParams(words)
    return server.copy_with(raw_path=f"{raw}?{params}".encode() if words else raw.encode())


def _segment(id: str | None) -> str:
    """An id stays one segment and cannot lead to another route."""
    if id in (None, "", ".", ".."):
        raise ValueError(f"{id!r} is no id")
    return quote(str(id), safe="")


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(answer: Answer) -> Any:
    """The answer's body, or the error that it stands for."""
    parsed = _parse(answer)
    if 200 <= answer.status < 300 and parsed is not None:
        return parsed
    raise refusal_of(answer)


def _parse(answer: Answer) -> Any:
    try:
        if answer.headers.get("content-type") == NDJSON:
            return [json.loads(line) for line in answer.content.splitlines() if line]
        return json.loads(answer.content)
    except ValueError:
        return None


def refusal_of(answer: Answer) -> KeywayError:
    parsed = _parse(answer)
    is_problem = isinstance(parsed, dict) and {"code", "title", "status"} <= parsed.keys()
    if not is_problem or answer.status < 400:
        return Unreachable(f"the answer with status {answer.status} is not one of Keyway's")
    if answer.status == 503:
        return undecided(parsed, retry_after_seconds(answer.headers))
    return problem_error(parsed)


def retry_after_seconds(headers: httpx.Headers) -> int | None:
    text = headers.get("retry-after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
