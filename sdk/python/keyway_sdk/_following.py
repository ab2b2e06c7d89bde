"""Where a watch is: what it has read, what that means, and when it connects again. It does no I/O."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from .errors import KeywayError, ProblemError, Undecided
from .watch import Changed, Interrupted, Lost, WatchedKey, WatchEvent, Watching
from .wire import FollowedChange

#: Three times the longest silence of a server.
SILENCE_SECONDS_MAX = 6.0
#: Pause before the first new connection, doubled for each one that fails.
PAUSE_SECONDS_MIN = 0.1
PAUSE_SECONDS_MAX = 5.0
#: Refusals that trying again does not change.
FINAL_STATUSES = (400, 401, 402, 403, 404, 406, 422)


class Following:
    def __init__(self, key: WatchedKey | None) -> None:
        self._key = key
        #: The last line that was read.
        self.last: int | None = None
        self._pause = 0.0
        self._is_interrupted = False
        self._is_lost = False
        self._rest = b""
        self._lines: deque[bytes] = deque()

    def next_pause(self) -> float:
        pause = self._pause
        self._pause = min(max(pause * 2, PAUSE_SECONDS_MIN), PAUSE_SECONDS_MAX)
        return pause

    def feed(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._lines.extend(line for line in lines if line)

    def next_event(self) -> WatchEvent | None:
        """What the lines that came tell of."""
        while self._lines:
            event = self._read(json.loads(self._lines.popleft()))
            if event is not None:
                return event
        return None

    def broken(self) -> WatchEvent | None:
        """The connection ended; a line that it cut off comes again."""
        self._rest = b""
        self._lines.clear()
        is_told = self._is_interrupted or self._is_lost
        self._is_interrupted = self._is_interrupted or not self._is_lost
        self._is_lost = False
        return None if is_told else Interrupted()

    def refused(self, error: KeywayError) -> WatchEvent | None:
        """No connection was made. Raises what trying again does not change."""
        if error.code == "position_unknown":
            self.last = None
            return Lost()
        if isinstance(error, ProblemError):
            is_final = error.status in FINAL_STATUSES
        else:
            is_final = not isinstance(error, Undecided)
        if is_final:
            raise error
        return self.broken()

    def _read(self, line: dict[str, Any]) -> WatchEvent | None:
        kind = line.pop("type", None)
        if kind == "end" and line["reason"] == "lost":
            self.last, self._is_lost = None, True
            return Lost()
        # Of the rest some are kinds that a later server has.
        if kind not in ("position", "heartbeat", "change"):
            return None
        self.last = line["seq"]
        if kind == "position":
            self._pause, self._is_interrupted = 0.0, False
            return Watching(line["seq"])
        if kind == "heartbeat":
            return None
        change: FollowedChange = line  # type: ignore[assignment]
        return Changed(change) if self._is_meant(change) else None

    def _is_meant(self, change: FollowedChange) -> bool:
        """Whether the key may be answered differently since this change."""
        if self._key is None or change["touches"] == "everything":
            return True
        if change["touches"] == "keys":
            return self._key["id"] in change["keys"]
        return self._key["organization"] == change.get("organization")
