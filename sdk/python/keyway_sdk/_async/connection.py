"""Sends calls: their time, and their repetitions."""

from __future__ import annotations

import time
from typing import Any

import httpx
from anyio import sleep

from .._call import Answer, Call, Request, read, refusal_of, to_request
from .._options import Settings
from .._retry import pause_seconds
from ..errors import Unreachable


class AsyncConnection:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # A credential must not travel to where nobody sent it.
        self._http = httpx.AsyncClient(follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, call: Call) -> Any:
        return read(await self._repeated(call))

    async def _repeated(self, call: Call) -> Answer:
        request = to_request(call, self._settings)
        total = self._settings.verify_timeout if call.is_question else self._settings.timeout
        # A question shares its time between its attempts, so that one dead connection is not the
        # end.
        share = total / (self._settings.retries + 1) if call.is_question else total
        end = time.monotonic() + total
        attempt = 0
        while True:
            outcome = await self._attempt(request, min(share, end - time.monotonic()))
            has_more = attempt < self._settings.retries
            pause = pause_seconds(outcome, attempt, call.is_safe) if has_more else None
            if pause is None or time.monotonic() + pause >= end:
                break
            await sleep(pause)
            attempt += 1
        if isinstance(outcome, Unreachable):
            raise outcome
        return outcome

    async def _attempt(self, request: Request, seconds: float) -> Answer | Unreachable:
        # What httpx raises knows its request, credential and all. So it ends here, and is neither
        # cause nor context of what is raised later.
        try:
            return await self._send(request, max(seconds, 0.001))
        except httpx.TimeoutException:
            why = "no answer in time"
        except httpx.HTTPError as error:
            why = type(error).__name__
        return _unreachable(request, why)

    async def open(self, call: Call, silence: float) -> httpx.Response:
        """An answer that goes on, at its beginning; whoever gets it closes it."""
        request = to_request(call, self._settings)
        try:
            return await self._open(request, silence)
        except httpx.HTTPError as error:
            why = type(error).__name__
        raise _unreachable(request, why)

    async def _open(self, request: Request, silence: float) -> httpx.Response:
        opening = self._http.build_request(
            request.method, request.url, headers=request.headers, timeout=silence
        )
        response = await self._http.send(opening, stream=True)
        if response.is_success:
            return response
        content = b"".join([chunk async for chunk in response.aiter_bytes()])
        raise refusal_of(Answer(response.status_code, response.headers, content))

    async def _send(self, request: Request, seconds: float) -> Answer:
        end = time.monotonic() + seconds
        chunks = []
        async with self._http.stream(
            request.method,
            request.url,
            headers=request.headers,
            content=request.content,
            timeout=seconds,
        ) as response:
            async for chunk in response.aiter_bytes():
                chunks.append(chunk)
                # The time-out above is that of one read; an answer that drips would never end.
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("the answer takes too long")
            return Answer(response.status_code, response.headers, b"".join(chunks))


def _unreachable(request: Request, why: str) -> Unreachable:
    server = f"{request.url.scheme}://{request.url.netloc.decode()}"
    return Unreachable(f"Keyway at {server} cannot be reached ({why})")
