from __future__ import annotations

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from .._call import Call, Terms
from ..wire import CreateProject, EffectiveProject, Project
from .connection import AsyncConnection
from .pages import rows


class AsyncProjects:
    """`/v1/projects`: parts of an organization."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        idempotency_key: str | None = None,
        wait: str | None = None,
        **fields: Unpack[CreateProject],
    ) -> EffectiveProject:
        terms = Terms(idempotency_key=idempotency_key, wait=wait)
        call = Call("POST", "/v1/projects", body=fields, terms=terms)
        project: EffectiveProject = await self._connection.call(call)
        return project

    def list(
        self, *, organization: str | None = None, limit: int | None = None
    ) -> AsyncIterator[Project]:
        query = {"organization": organization, "limit": limit}
        return rows(self._connection, "/v1/projects", query)
