from __future__ import annotations

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from .._call import Call, Terms
from ..wire import Done, EffectiveResource, PutResource, Resource
from .connection import AsyncConnection
from .pages import rows

ROUTE = "/v1/resources/{path}"


class AsyncResources:
    """`/v1/resources`: what your product lets keys reach, so that people choose it by name.

    The organization may be left out where the management key sees one only.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(
        self,
        path: str,
        *,
        organization: str | None = None,
        version: int | None = None,
        wait: str | None = None,
        **fields: Unpack[PutResource],
    ) -> EffectiveResource:
        """Tells of a resource, or gives it another name."""
        query, terms = {"organization": organization}, Terms(version=version, wait=wait)
        is_repeatable = version is None
        call = Call("PUT", ROUTE, path, query, fields, terms, is_repeatable=is_repeatable)
        resource: EffectiveResource = await self._connection.call(call)
        return resource

    async def load(self, path: str, *, organization: str | None = None) -> Resource:
        call = Call("GET", ROUTE, path, {"organization": organization})
        resource: Resource = await self._connection.call(call)
        return resource

    def list(
        self,
        *,
        organization: str | None = None,
        prefix: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Resource]:
        """All of them, or what lies below a path; newest first."""
        query = {"organization": organization, "prefix": prefix, "limit": limit}
        return rows(self._connection, "/v1/resources", query)

    async def remove(
        self,
        path: str,
        *,
        organization: str | None = None,
        version: int | None = None,
        wait: str | None = None,
    ) -> Done:
        """Keys that reach its path reach it still."""
        query, terms = {"organization": organization}, Terms(version=version, wait=wait)
        done: Done = await self._connection.call(Call("DELETE", ROUTE, path, query, terms=terms))
        return done
