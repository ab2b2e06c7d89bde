"""What lists are narrowed by, and how they come."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from typing_extensions import TypedDict

from .wire import KeyStatus

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    data: list[T]
    next_cursor: str | None


class KeysQuery(TypedDict, total=False):
    organization: str
    project: str
    environment: str
    status: KeyStatus
    owner: str
    managed_by: str
    q: str
    """An exact id, display prefix or suffix, or the beginning of the name."""
    include_revoked: bool
    include: Literal["usage"]
    limit: int
    """Rows per page, at most 200."""
