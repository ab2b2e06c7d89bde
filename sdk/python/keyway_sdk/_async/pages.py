from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from .._call import Call
from .connection import AsyncConnection


async def rows(connection: AsyncConnection, route: str, query: dict[str, Any]) -> AsyncIterator[Any]:
    """Every row of a list, page after page as they are needed."""
    cursor = None
    while True:
        page = await connection.call(Call("GET", route, query={**query, "cursor": cursor}))
        for row in page["data"]:
            yield row
        cursor = page.get("next_cursor")
        if cursor is None:
            return
