"""A guard in front of a whole ASGI app: Starlette, FastAPI, Litestar, Quart and others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from ._credential import CARRIERS
from ._guard import Asked, AsyncVerifier, Of, OnUndecided, Refusal, admit, word

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Of a WebSocket that is closed because of a policy (RFC 6455).
POLICY_VIOLATION = 1008


class KeywayMiddleware:
    """Lets a request or WebSocket through whose key may, with `keyway` in its state."""

    def __init__(
        self,
        app: App,
        keyway: AsyncVerifier,
        *,
        permissions: Sequence[str] = (),
        resource: Of[Scope] = None,
        organization: Of[Scope] = None,
        environment: Of[Scope] = None,
        ip: Callable[[Scope], str | None] | None = None,
        carriers: Sequence[str] = CARRIERS,
        on_undecided: OnUndecided | None = None,
    ) -> None:
        self._app = app
        self._keyway = keyway
        self._permissions = permissions
        self._words = {
            "resource": resource,
            "organization": organization,
            "environment": environment,
        }
        self._ip = ip or client_address
        self._carriers = carriers
        self._on_undecided = on_undecided

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Everything that is not the app's own start and end needs a key, kinds to come included.
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            principal = await admit(
                self._keyway,
                scope["headers"],
                self._permissions,
                lambda: self._ask(scope),
                self._carriers,
                self._on_undecided,
            )
        except Refusal as refusal:
            await _refuse(refusal, scope, send)
            return
        scope.setdefault("state", {})["keyway"] = principal
        await self._app(scope, receive, send)

    def _ask(self, scope: Scope) -> Asked:
        words = {name: word(name, value, scope) for name, value in self._words.items()}
        return Asked(ip=self._ip(scope), **words)


def client_address(scope: Scope) -> str | None:
    """Of the connection; behind a proxy the server must be told to believe its headers."""
    client = scope.get("client")
    return client[0] if client else None


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": refusal.title})
        return
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    length = (b"content-length", str(len(refusal.body)).encode())
    start = {"type": f"{kind}.start", "status": refusal.status, "headers": [*headers, length]}
    await send(start)
    await send({"type": f"{kind}.body", "body": refusal.body})
