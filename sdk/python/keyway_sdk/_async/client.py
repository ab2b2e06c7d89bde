from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from typing_extensions import Self

from .._call import Call
from .._options import RETRIES, TIMEOUT_SECONDS, VERIFY_TIMEOUT_SECONDS, read_options
from .._question import principal_of, question
from ..watch import WatchedKey
from ..wire import Principal, VerifyAnswer, VerifyKey, Whoami
from .connection import AsyncConnection
from .keys import AsyncKeys
from .members import AsyncMembers
from .organizations import AsyncOrganizations
from .projects import AsyncProjects
from .resources import AsyncResources
from .watch import AsyncWatch


class AsyncKeyway:
    """Calls one server with one management key. Make one and keep it: it holds connections open."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        verify_timeout: float = VERIFY_TIMEOUT_SECONDS,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
    ) -> None:
        """`KEYWAY_URL` and `KEYWAY_TOKEN` where an argument is absent; times are in seconds."""
        settings = read_options(url, token, verify_timeout, timeout, retries)
        self._connection = AsyncConnection(settings)
        self.keys = AsyncKeys(self._connection)
        self.organizations = AsyncOrganizations(self._connection)
        self.projects = AsyncProjects(self._connection)
        self.members = AsyncMembers(self._connection)
        self.resources = AsyncResources(self._connection)

    async def verify(
        self,
        secret: str,
        *,
        permissions: Sequence[str] = (),
        resource: str | None = None,
        organization: str | None = None,
        environment: str | None = None,
        ip: str | None = None,
    ) -> Principal:
        """What the key stands for.

        Raises `KeyRefused` for a no and `Undecided` where there is no answer; there is no result
        that could be forgotten.
        """
        asked = question(secret, permissions, resource, organization, environment, ip)
        return principal_of(await self.ask(asked))

    async def ask(self, question: VerifyKey) -> VerifyAnswer:
        """The answer as it is, for those who want to look at a refusal without catching it."""
        call = Call("POST", "/v1/keys/verify", body=question, is_question=True)
        answer: VerifyAnswer = await self._connection.call(call)
        return answer

    async def verify_batch(self, items: Sequence[VerifyKey]) -> list[VerifyAnswer]:
        """Up to 1,000 questions in one call; the answers come in their order."""
        body = {"items": list(items)}
        call = Call("POST", "/v1/keys/verify-batch", body=body, is_question=True)
        answers: list[VerifyAnswer] = (await self._connection.call(call))["data"]
        return answers

    def watch(self, key: WatchedKey | None = None) -> AsyncWatch:
        """Tells of each change that bears on one key, or on any without one, until it is closed.

        It needs a management key with `keys.follow`.
        """
        return AsyncWatch(self._connection, key)

    async def whoami(self) -> Whoami:
        """Who this client's own credential is."""
        whoami: Whoami = await self._connection.call(Call("GET", "/v1/whoami"))
        return whoami

    async def close(self) -> None:
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
