"""The guards behave the same: one table, with keys of the mock."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from keyway_sdk import AsyncKeyway, ConfigurationError, Undecided
from keyway_sdk._guard import AsyncVerifier
from keyway_sdk.asgi import KeywayMiddleware, Message, Receive, Scope, Send
from keyway_sdk.fastapi import RequireKey, add_problem_handler
from keyway_sdk.testing import AsyncMockKeyway, MockKey, make_test_key
from keyway_sdk.wire import Principal

pytestmark = pytest.mark.anyio

TOKEN = "kw_mgmt_" + "0" * 40
READER = MockKey(permissions=["read"])

App = Callable[[Scope, Receive, Send], Awaitable[None]]
Serve = Callable[..., App]


def fastapi_app(keyway: AsyncVerifier, **asked: Any) -> App:
    app = FastAPI()
    add_problem_handler(app)

    @app.get("/")
    async def id(principal: Principal = Depends(RequireKey(keyway, **asked))) -> str:
        return principal["id"]

    return app


def asgi_app(keyway: AsyncVerifier, **asked: Any) -> App:
    app = FastAPI()
    app.add_middleware(KeywayMiddleware, keyway=keyway, **asked)

    @app.get("/")
    async def id(request: Request) -> str:
        principal: Principal = request.state.keyway
        return principal["id"]

    return app


GUARDS = pytest.mark.parametrize("serve", [fastapi_app, asgi_app])


async def call(app: App, headers: list[tuple[str, str]]) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://product.test") as client:
        return await client.get("/", headers=headers)


def bearer(secret: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {secret}")]


@GUARDS
async def test_who_may_passes_and_everybody_else_is_told_why(serve: Serve) -> None:
    mock = AsyncMockKeyway()
    good, poor, dead = mock.issue(READER), mock.issue(), mock.issue()
    mock.revoke(dead)
    app = serve(mock, permissions=["read"])
    for headers in (bearer(good), [("x-api-key", good)]):
        answer = await call(app, headers)
        assert (answer.status_code, answer.json()) == (200, good.split("_")[2])
    table: list[tuple[list[tuple[str, str]], int, str, str]] = [
        ([], 401, "api_key_missing", "Bearer"),
        ([("Authorization", "Basic x")], 401, "api_key_missing", "Bearer"),
        (bearer("nonsense"), 401, "api_key_malformed", 'Bearer error="invalid_token"'),
        (bearer(make_test_key()), 401, "api_key_invalid", 'Bearer error="invalid_token"'),
        (bearer(dead), 401, "api_key_revoked", 'Bearer error="invalid_token"'),
        (bearer(poor), 403, "insufficient_permissions", 'Bearer error="insufficient_scope"'),
        (bearer(good) * 2, 400, "duplicate_credentials", 'Bearer error="invalid_request"'),
        (
            [*bearer(good), ("X-API-Key", good)],
            400,
            "duplicate_credentials",
            'Bearer error="invalid_request"',
        ),
    ]
    for headers, status, code, challenge in table:
        answer = await call(app, headers)
        assert (answer.status_code, answer.json()["status"]) == (status, status), code
        assert answer.json()["code"] == code
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == challenge
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["title"] and good not in answer.text
    assert (await call(app, bearer(poor))).json()["detail"] == "it needs read"


def broken(_request: object) -> str:
    raise RuntimeError("a bug of the product")


@GUARDS
async def test_whatever_goes_wrong_is_503_and_is_told(serve: Serve, acting: Any) -> None:
    revoked = {"type": "", "title": "T", "status": 401, "code": "credential_revoked"}
    step = type("Step", (), {"status": 401, "body": revoked, "retry_after": None})()
    refusing = acting(step).url
    mock, down = AsyncMockKeyway(), AsyncMockKeyway()
    down.go_down()
    good = mock.issue(READER)
    cases: list[tuple[Any, dict[str, Any]]] = [
        (down, {}),
        (AsyncKeyway("http://127.0.0.1:1", TOKEN), {}),
        (AsyncKeyway(refusing, TOKEN), {}),
        (mock, {"resource": broken}),
        (mock, {"resource": lambda _request: ""}),
        (mock, {"resource": lambda _request: None}),
        (mock, {"ip": broken}),
    ]
    for keyway, asked in cases:
        told: list[Exception] = []
        app = serve(keyway, on_undecided=told.append, **asked)
        answer = await call(app, bearer(good))
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "www-authenticate" not in answer.headers
        assert answer.json()["code"] == "undecided"
        assert len(told) == 1
        if isinstance(keyway, AsyncKeyway):
            await keyway.close()


@GUARDS
async def test_a_503_is_logged_without_a_secret(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    mock = AsyncMockKeyway()
    good = mock.issue(READER)

    def leaks(_request: object) -> str:
        raise RuntimeError(good)

    caplog.set_level(logging.DEBUG)
    assert (await call(serve(mock, resource=leaks), bearer(good))).status_code == 503
    assert "a request was answered 503: RuntimeError" in caplog.text
    assert good not in caplog.text


@GUARDS
async def test_the_address_of_the_connection_is_asked_about(serve: Serve) -> None:
    asked: list[str | None] = []

    class Recording(AsyncMockKeyway):
        async def verify(self, secret: str, **question: Any) -> Principal:
            asked.append(question["ip"])
            return await super().verify(secret, **question)

    mock = Recording()
    good = mock.issue()
    await call(serve(mock), bearer(good))
    await call(serve(mock, ip=lambda _request: "203.0.113.7"), bearer(good))
    await call(serve(mock, ip=lambda _request: None), bearer(good))
    assert asked == ["203.0.113.9", "203.0.113.7", None]


async def test_without_the_handler_a_route_is_as_closed() -> None:
    app, mock = FastAPI(), AsyncMockKeyway()

    @app.get("/", dependencies=[Depends(RequireKey(mock, permissions=["read"]))])
    async def nothing() -> None: ...

    answer = await call(app, bearer(mock.issue()))
    assert (answer.status_code, answer.json()) == (403, {"detail": "The API key lacks a permission"})
    schemes = app.openapi()["components"]["securitySchemes"]
    assert schemes == {"Keyway": {"type": "http", "scheme": "bearer", "description": "An API key."}}


async def socket_messages(app: App, scope: Scope) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def test_a_websocket_needs_a_key_and_so_does_a_kind_to_come() -> None:
    reached: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["type"])

    mock = AsyncMockKeyway()
    good = mock.issue(READER)
    guarded = KeywayMiddleware(app, mock, permissions=["read"])
    bare: Scope = {"type": "websocket", "headers": []}
    (close,) = await socket_messages(guarded, bare)
    assert (close["type"], close["code"]) == ("websocket.close", 1008)
    able: Scope = {**bare, "extensions": {"websocket.http.response": {}}}
    start, body = await socket_messages(guarded, able)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert json.loads(body["body"])["code"] == "api_key_missing"
    await socket_messages(guarded, {"type": "to come", "headers": []})
    assert reached == []
    keyed = {**bare, "headers": [(b"authorization", f"Bearer {good}".encode())]}
    await socket_messages(guarded, keyed)
    await guarded({"type": "lifespan"}, *_unused())
    assert reached == ["websocket", "lifespan"]
    assert keyed["state"]["keyway"]["id"] == good.split("_")[2]


def _unused() -> tuple[Receive, Send]:
    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    return receive, send


async def test_what_a_guard_raises_knows_nothing_of_below() -> None:
    mock = AsyncMockKeyway()
    mock.go_down()
    with pytest.raises(Undecided):
        await mock.verify("k")
    with pytest.raises(ConfigurationError):
        AsyncKeyway("nonsense", TOKEN)
