from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

import httpx
from anyio import sleep
from typing_extensions import Self

from .._call import Call
from .._following import SILENCE_SECONDS_MAX, Following
from ..errors import KeywayError
from ..watch import WatchedKey, WatchEvent
from .connection import AsyncConnection


class AsyncWatch:
    """Tells of changes, over as many connections as it takes, until it is closed.

    Raises where trying again changes nothing: the management key ended, or may not follow.
    """

    def __init__(self, connection: AsyncConnection, key: WatchedKey | None) -> None:
        self._connection = connection
        self._following = Following(key)
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._is_over = False

    def stop(self) -> None:
        """Ends it from elsewhere, within a few seconds; nothing more is told."""
        self._is_over = True

    async def close(self) -> None:
        self._is_over = True
        await self._disconnect()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WatchEvent:
        while not self._is_over:
            event = self._following.next_event()
            if event is None:
                event = await self._connect() if self._chunks is None else await self._hear()
            if event is not None and not self._is_over:
                return event
        await self._disconnect()
        raise StopAsyncIteration

    async def _connect(self) -> WatchEvent | None:
        await sleep(self._following.next_pause())
        call = Call("GET", "/v1/follow", query={"after": self._following.last})
        try:
            self._response = await self._connection.open(call, SILENCE_SECONDS_MAX)
        except KeywayError as error:
            return self._following.refused(error)
        self._chunks = self._response.aiter_bytes()
        return None

    async def _hear(self) -> WatchEvent | None:
        """The next lines. Silence, a broken connection, and its end are one and the same."""
        assert self._chunks is not None
        try:
            async for chunk in self._chunks:
                self._following.feed(chunk)
                return None
        except httpx.HTTPError:
            pass
        await self._disconnect()
        return self._following.broken()

    async def _disconnect(self) -> None:
        response, self._response, self._chunks = self._response, None, None
        if response is not None:
            await response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
