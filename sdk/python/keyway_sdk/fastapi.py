"""A guard for single FastAPI routes, as a dependency."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from ._credential import CARRIERS
from ._guard import Asked, AsyncVerifier, Of, OnUndecided, Refusal, admit, word
from .asgi import client_address
from .wire import Principal


class KeyHTTPException(HTTPException):
    """Is refused with the right status in any app, and in problem details where
    `add_problem_handler` was called."""

    def __init__(self, refusal: Refusal) -> None:
        # Without the handler FastAPI writes a body of its own.
        own = {name: it for name, it in refusal.headers.items() if name != "content-type"}
        super().__init__(refusal.status, refusal.title, own)
        self.refusal = refusal


class RequireKey(SecurityBase):
    """`Depends(RequireKey(keyway, permissions=["read"]))` gives the principal."""

    def __init__(
        self,
        keyway: AsyncVerifier,
        *,
        permissions: Sequence[str] = (),
        resource: Of[Request] = None,
        organization: Of[Request] = None,
        environment: Of[Request] = None,
        ip: Callable[[Request], str | None] | None = None,
        carriers: Sequence[str] = CARRIERS,
        on_undecided: OnUndecided | None = None,
    ) -> None:
        # How the app's own OpenAPI document describes it.
        self.model = HTTPBearer(description="An API key.")
        self.scheme_name = "Keyway"
        self._keyway = keyway
        self._permissions = permissions
        self._words = {
            "resource": resource,
            "organization": organization,
            "environment": environment,
        }
        self._ip = ip or (lambda request: client_address(request.scope))
        self._carriers = carriers
        self._on_undecided = on_undecided

    async def __call__(self, request: Request) -> Principal:
        try:
            return await admit(
                self._keyway,
                request.headers.raw,
                self._permissions,
                lambda: self._ask(request),
                self._carriers,
                self._on_undecided,
            )
        except Refusal as refusal:
            refused = KeyHTTPException(refusal)
        raise refused

    def _ask(self, request: Request) -> Asked:
        words = {name: word(name, value, request) for name, value in self._words.items()}
        return Asked(ip=self._ip(request), **words)


def add_problem_handler(app: FastAPI) -> None:
    """From now on a refusal is answered with problem details instead of `{"detail": …}`."""

    async def answer(_request: Request, error: Exception) -> Response:
        assert isinstance(error, KeyHTTPException)
        refusal = error.refusal
        return Response(refusal.body, refusal.status, refusal.headers)

    app.add_exception_handler(KeyHTTPException, answer)
