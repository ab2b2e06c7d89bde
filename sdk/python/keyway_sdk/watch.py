"""What a watch tells.

A program that holds something open for a key (a socket, a job) watches it, and ends what it holds when
the key ends. It begins to watch, asks about the key once it is told `Watching`, and asks again after
each change, so that none falls between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from typing_extensions import TypedDict

from .wire import FollowedChange


class WatchedKey(TypedDict):
    """One key, as a verification tells of it."""

    id: str
    organization: str


@dataclass(frozen=True)
class Watching:
    """Every change behind `seq` is told from here on, and all since the last line before."""

    seq: int


@dataclass(frozen=True)
class Changed:
    """Something was changed, and holds."""

    change: FollowedChange


@dataclass(frozen=True)
class Interrupted:
    """Nothing is heard until it is `Watching` again; nothing is missed then."""


@dataclass(frozen=True)
class Lost:
    """Changes were missed for good: ask about every key again."""


WatchEvent: TypeAlias = Watching | Changed | Interrupted | Lost
