from __future__ import annotations

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from .._call import Call, Terms
from ..wire import CreateMember, Done, EditMember, EffectiveMember, Member
from .connection import AsyncConnection
from .pages import rows


class AsyncMembers:
    """`/v1/members`: people in an organization."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        idempotency_key: str | None = None,
        wait: str | None = None,
        **fields: Unpack[CreateMember],
    ) -> EffectiveMember:
        terms = Terms(idempotency_key=idempotency_key, wait=wait)
        return await self._change(Call("POST", "/v1/members", body=fields, terms=terms))

    async def load(self, id: str) -> Member:
        member: Member = await self._connection.call(Call("GET", "/v1/members/{id}", id))
        return member

    def list(
        self, *, organization: str | None = None, limit: int | None = None
    ) -> AsyncIterator[Member]:
        query = {"organization": organization, "limit": limit}
        return rows(self._connection, "/v1/members", query)

    async def update(
        self, id: str, *, version: int, wait: str | None = None, **edit: Unpack[EditMember]
    ) -> EffectiveMember:
        """The version that the change is for must be named."""
        terms = Terms(version=version, wait=wait)
        return await self._change(Call("PATCH", "/v1/members/{id}", id, body=edit, terms=terms))

    async def remove(
        self, id: str, *, version: int | None = None, wait: str | None = None
    ) -> Done:
        terms = Terms(version=version, wait=wait)
        call = Call("DELETE", "/v1/members/{id}", id, terms=terms)
        done: Done = await self._connection.call(call)
        return done

    async def _change(self, call: Call) -> EffectiveMember:
        changed: EffectiveMember = await self._connection.call(call)
        return changed
