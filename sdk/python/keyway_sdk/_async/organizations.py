from __future__ import annotations

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from .._call import Call, Terms
from ..wire import CreateOrganization, EditOrganization, EffectiveOrganization, Organization
from .connection import AsyncConnection
from .pages import rows


class AsyncOrganizations:
    """`/v1/organizations`: who everything belongs to."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        idempotency_key: str | None = None,
        wait: str | None = None,
        **fields: Unpack[CreateOrganization],
    ) -> EffectiveOrganization:
        terms = Terms(idempotency_key=idempotency_key, wait=wait)
        return await self._change(Call("POST", "/v1/organizations", body=fields, terms=terms))

    async def load(self, id: str) -> Organization:
        call = Call("GET", "/v1/organizations/{id}", id)
        organization: Organization = await self._connection.call(call)
        return organization

    def list(self, *, limit: int | None = None) -> AsyncIterator[Organization]:
        return rows(self._connection, "/v1/organizations", {"limit": limit})

    async def update(
        self,
        id: str,
        *,
        version: int | None = None,
        wait: str | None = None,
        **edit: Unpack[EditOrganization],
    ) -> EffectiveOrganization:
        terms = Terms(version=version, wait=wait)
        route = "/v1/organizations/{id}"
        return await self._change(Call("PATCH", route, id, body=edit, terms=terms))

    async def suspend(self, id: str, *, wait: str | None = None) -> EffectiveOrganization:
        """None of its keys works from now on."""
        route = "/v1/organizations/{id}/suspend"
        return await self._change(Call("POST", route, id, terms=Terms(wait=wait)))

    async def resume(self, id: str, *, wait: str | None = None) -> EffectiveOrganization:
        route = "/v1/organizations/{id}/resume"
        return await self._change(Call("POST", route, id, terms=Terms(wait=wait)))

    async def _change(self, call: Call) -> EffectiveOrganization:
        changed: EffectiveOrganization = await self._connection.call(call)
        return changed
