"""Who calls: from the `X-API-Key` header to a workspace and what may be done in it.

Keyway decides. Nothing is cached, so a revoked key, a changed role and a creator who left bind at the
next request.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import HTTPException, Request

from keyway_sdk import AsyncKeyway
from keyway_sdk.fastapi import KeyHTTPException, RequireKey
from keyway_sdk.testing import AsyncMockKeyway
from keyway_sdk.wire import Principal

Verifier = AsyncKeyway | AsyncMockKeyway

CARRIERS = ["header:X-API-Key"]
# A key that is shown is cut here: the prefix and four characters.
SHOWN_CHARS = len("noxus_") + 4


@dataclass(frozen=True)
class Workspace:
    """Names of workspaces are unique in one organization, not among all."""

    organization: str
    name: str


@dataclass(frozen=True)
class Callers:
    verifier: Verifier
    #: The only workspace that is served; None: all.
    pinned: str | None = None

    def any_key(self) -> Callable[[Request], Awaitable[Principal]]:
        """A dependency: whoever has a key that works, system keys too."""
        return self._require([])

    def of_workspace(self, *permissions: str) -> Callable[[Request], Awaitable[Workspace]]:
        """A dependency: the workspace of the key, which holds these permissions there."""
        require = self._require(list(permissions))

        async def workspace(request: Request) -> Workspace:
            principal = await require(request)
            project = principal["project"]
            if project is None:
                raise HTTPException(403, "A system key has no workspace")
            if self.pinned is not None and project != self.pinned:
                raise _of_another_workspace()
            return Workspace(principal["organization"], project)

        return workspace

    def _require(self, permissions: list[str]) -> Callable[[Request], Awaitable[Principal]]:
        place = None if self.pinned is None else f"project/{self.pinned}"
        require = RequireKey(
            self.verifier, permissions=permissions, resource=place, carriers=CARRIERS
        )

        async def principal(request: Request) -> Principal:
            try:
                return await require(request)
            except KeyHTTPException as error:
                if json.loads(error.refusal.body)["code"] == "out_of_scope":
                    refusal = _of_another_workspace()
                else:
                    refusal = error
            raise refusal

        return principal


def _of_another_workspace() -> HTTPException:
    # Where one workspace is served, no other one's key is known.
    return HTTPException(401, "The API key is of another workspace")


def shown(secret: str) -> str:
    return f"{secret[:SHOWN_CHARS]}…"
