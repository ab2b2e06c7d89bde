from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from typing_extensions import Unpack

from .._call import Call, Terms
from .._queries import KeysQuery, Page
from ..errors import Unreachable
from ..wire import (
    ChangedKey,
    CreateKey,
    Done,
    EditKey,
    ImportLine,
    ImportRefusal,
    ImportTotals,
    IssuedKey,
    Key,
    RevokeBatch,
    RevokedBatch,
    RevokeKey,
    RotateKey,
    Usage,
)
from .connection import AsyncConnection
from .pages import rows

#: Lines per call of an import.
IMPORT_LINES = 500


class AsyncKeys:
    """`/v1/keys`. A change is in force everywhere when its call returns."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        idempotency_key: str | None = None,
        wait: str | None = None,
        **fields: Unpack[CreateKey],
    ) -> IssuedKey:
        """The answer holds the secret, this once."""
        terms = Terms(idempotency_key=idempotency_key, wait=wait)
        call = Call("POST", "/v1/keys", body=fields, terms=terms)
        issued: IssuedKey = await self._connection.call(call)
        return issued

    async def load(self, id: str) -> Key:
        key: Key = await self._connection.call(Call("GET", "/v1/keys/{id}", id))
        return key

    def list(self, **query: Unpack[KeysQuery]) -> AsyncIterator[Key]:
        """All of them, newest first; pages are loaded as they are needed."""
        return rows(self._connection, "/v1/keys", dict(query))

    async def list_page(
        self, cursor: str | None = None, **query: Unpack[KeysQuery]
    ) -> Page[Key]:
        call = Call("GET", "/v1/keys", query={**query, "cursor": cursor})
        page: Page[Key] = await self._connection.call(call)
        return page

    async def load_usage(self, id: str, *, since: str | None = None) -> Usage:
        call = Call("GET", "/v1/keys/{id}/usage", id, query={"from": since})
        usage: Usage = await self._connection.call(call)
        return usage

    async def update(
        self,
        id: str,
        *,
        version: int | None = None,
        wait: str | None = None,
        **edit: Unpack[EditKey],
    ) -> ChangedKey:
        """What is absent stays, None takes away; with `version` only if it still has that one."""
        terms = Terms(version=version, wait=wait)
        return await self._change(Call("PATCH", "/v1/keys/{id}", id, body=edit, terms=terms))

    async def rotate(
        self,
        id: str,
        *,
        version: int | None = None,
        idempotency_key: str | None = None,
        wait: str | None = None,
        **rotate: Unpack[RotateKey],
    ) -> IssuedKey:
        """The answer holds the successor and its secret."""
        terms = Terms(version, idempotency_key, wait)
        call = Call("POST", "/v1/keys/{id}/rotate", id, body=rotate, terms=terms)
        issued: IssuedKey = await self._connection.call(call)
        return issued

    async def revoke(
        self, id: str, *, wait: str | None = None, **revoke: Unpack[RevokeKey]
    ) -> ChangedKey:
        """For good. Revoking again is no error."""
        terms = Terms(wait=wait)
        route = "/v1/keys/{id}/revoke"
        return await self._change(
            Call("POST", route, id, body=revoke, terms=terms, is_repeatable=True)
        )

    async def revoke_batch(
        self, *, wait: str | None = None, **batch: Unpack[RevokeBatch]
    ) -> RevokedBatch:
        """Everything that matches a filter, or whatever leaked."""
        terms = Terms(wait=wait)
        route = "/v1/keys/revoke-batch"
        call = Call("POST", route, body=batch, terms=terms, is_repeatable=True)
        revoked: RevokedBatch = await self._connection.call(call)
        return revoked

    async def deactivate(
        self, id: str, *, version: int | None = None, wait: str | None = None
    ) -> ChangedKey:
        terms = Terms(version=version, wait=wait)
        return await self._change(Call("POST", "/v1/keys/{id}/deactivate", id, terms=terms))

    async def activate(
        self, id: str, *, version: int | None = None, wait: str | None = None
    ) -> ChangedKey:
        terms = Terms(version=version, wait=wait)
        return await self._change(Call("POST", "/v1/keys/{id}/activate", id, terms=terms))

    async def delete(
        self, id: str, *, version: int | None = None, wait: str | None = None
    ) -> Done:
        """Gone from lists; the audit log still knows it."""
        terms = Terms(version=version, wait=wait)
        done: Done = await self._connection.call(Call("DELETE", "/v1/keys/{id}", id, terms=terms))
        return done

    async def import_lines(
        self, lines: AsyncIterable[ImportLine]
    ) -> AsyncIterator[ImportRefusal | ImportTotals]:
        """Brings in keys that exist elsewhere, by their digests: each refused line, then the totals.

        A few hundred lines go into one call, so that nobody holds all of them.
        """
        total: ImportTotals = {"imported": 0, "refused": 0}
        sent = 0
        batch: Any = []
        async for line in lines:
            batch.append(line)
            if len(batch) == IMPORT_LINES:
                async for refusal in self._import_batch(batch, sent, total):
                    yield refusal
                sent += len(batch)
                batch = []
        if batch or sent == 0:
            async for refusal in self._import_batch(batch, sent, total):
                yield refusal
        yield total

    async def _import_batch(
        self, batch: Any, sent: int, total: ImportTotals
    ) -> AsyncIterator[ImportRefusal]:
        body = "".join(f"{json.dumps(line)}\n" for line in batch).encode()
        results = await self._connection.call(Call("POST", "/v1/keys/import", body=body))
        if not results or "imported" not in results[-1]:
            raise Unreachable("the import ended before its totals came")
        for refusal in results[:-1]:
            # Counted from the beginning of the whole and not of this call.
            refusal["line"] += sent
            yield refusal
        total["imported"] += results[-1]["imported"]
        total["refused"] += results[-1]["refused"]

    async def _change(self, call: Call) -> ChangedKey:
        changed: ChangedKey = await self._connection.call(call)
        return changed
