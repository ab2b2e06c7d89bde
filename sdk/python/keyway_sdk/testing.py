"""For a product's own tests: keys and verdicts without a server.

A test of this package asks the mock and a real server the same questions and compares the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from ._key_string import is_well_formed, make_test_key
from ._question import principal_of, question
from .errors import Undecided
from .wire import Principal, VerifyAnswer, VerifyKey

__all__ = ["AsyncMockKeyway", "MockKey", "MockKeyway", "make_test_key"]


@dataclass(frozen=True)
class MockKey:
    """What a key of the mock is like."""

    #: None: a key that was given nothing may do nothing. `*` is everything.
    permissions: Sequence[str] = ()
    #: Where the permissions hold.
    resource: str = "*"
    organization: str = "org_mock"
    organization_external_id: str | None = None
    project: str | None = None
    environment: str = "test"
    name: str = "Mock key"
    owner: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass
class _Stored:
    key: MockKey
    principal: Principal
    state: Literal["active", "inactive", "revoked"] = "active"


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class _Mock:
    """Answers like Keyway, from memory. It knows no address rules and no roles."""

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        """`now`: the clock that expiry is measured by."""
        self._keys: dict[str, _Stored] = {}
        self._now = now
        self._is_down = False

    def issue(self, key: MockKey = MockKey()) -> str:
        """Makes a key and gives its secret."""
        secret = make_test_key(key.environment)
        self._keys[secret] = _Stored(key, _principal(key, secret))
        return secret

    def revoke(self, secret: str) -> None:
        self._change(secret, "revoked")

    def deactivate(self, secret: str) -> None:
        self._change(secret, "inactive")

    def activate(self, secret: str) -> None:
        self._change(secret, "active")

    def go_down(self) -> None:
        """From now on nothing is decided, as if the server could not be reached."""
        self._is_down = True

    def come_back(self) -> None:
        self._is_down = False

    def ask(self, question: VerifyKey) -> VerifyAnswer:
        if self._is_down:
            raise Undecided("undecided", "The mock is down.")
        stored = self._keys.get(question["secret"])
        if stored is None:
            is_key = is_well_formed(question["secret"])
            return _no("api_key_invalid" if is_key else "api_key_malformed", 401)
        key = stored.key
        answer = _state_refusal(stored, self._now()) or _scope_refusal(key, question)
        answer = answer or {"valid": True, "code": "valid", "http_status": 200}
        held = sorted(key.permissions) if _reaches(key, _place(key, question)) else []
        permissions = ["*"] if "*" in held else held
        principal: Principal = {**stored.principal, "permissions": permissions}
        return {**answer, "key": principal}

    def _change(self, secret: str, state: Literal["active", "inactive", "revoked"]) -> None:
        stored = self._keys[secret]
        if stored.state != "revoked":
            stored.state = state


class MockKeyway(_Mock):
    """In the place of a `Keyway`."""

    def verify(
        self,
        secret: str,
        *,
        permissions: Sequence[str] = (),
        resource: str | None = None,
        organization: str | None = None,
        environment: str | None = None,
        ip: str | None = None,
    ) -> Principal:
        asked = question(secret, permissions, resource, organization, environment, ip)
        return principal_of(self.ask(asked))


class AsyncMockKeyway(_Mock):
    """In the place of an `AsyncKeyway`; what the guards take."""

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
        asked = question(secret, permissions, resource, organization, environment, ip)
        return principal_of(self.ask(asked))


def _principal(key: MockKey, secret: str) -> Principal:
    return {
        "id": secret.split("_")[2],
        "organization": key.organization,
        "organization_external_id": key.organization_external_id,
        "project": key.project,
        "environment": key.environment,
        "name": key.name,
        "suffix": secret[-4:],
        "owner": key.owner,
        "permissions": [],
        "metadata": key.metadata,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }


def _no(code: str, status: int, missing: Sequence[str] = ()) -> VerifyAnswer:
    answer: VerifyAnswer = {"valid": False, "code": code, "http_status": status}
    if missing:
        answer["missing_permissions"] = list(missing)
    return answer


def _state_refusal(stored: _Stored, now: datetime) -> VerifyAnswer | None:
    if stored.state == "revoked":
        return _no("api_key_revoked", 401)
    if stored.key.expires_at is not None and stored.key.expires_at <= now:
        return _no("api_key_expired", 401)
    return _no("api_key_inactive", 401) if stored.state == "inactive" else None


def _scope_refusal(key: MockKey, question: VerifyKey) -> VerifyAnswer | None:
    environment, organization = question.get("environment"), question.get("organization")
    if environment is not None and environment != key.environment:
        return _no("environment_mismatch", 403)
    names = (None, key.organization, key.organization_external_id)
    if organization not in names:
        return _no("out_of_scope", 403)
    asked = question.get("permissions", [])
    if not asked and question.get("resource") is None:
        return None
    place = _place(key, question)
    lacks_every_right = bool(asked) and not key.permissions and _is_in_project(key, place)
    if not _reaches(key, place) and not lacks_every_right:
        return _no("out_of_scope", 403)
    missing = [it for it in asked if "*" not in key.permissions and it not in key.permissions]
    return _no("insufficient_permissions", 403, missing) if missing else None


def _place(key: MockKey, question: VerifyKey) -> str:
    """Absent means the key's own."""
    own = "*" if key.project is None else f"project/{key.project}"
    return question.get("resource") or own


def _reaches(key: MockKey, place: str) -> bool:
    return bool(key.permissions) and _is_in_project(key, place) and _covers(key.resource, place)


def _is_in_project(key: MockKey, place: str) -> bool:
    return key.project is None or _covers(f"project/{key.project}", place)


def _covers(wide: str, narrow: str) -> bool:
    """By whole segments: `project/a` covers `project/a/b` and not `project/ab`."""
    return wide in ("*", narrow) or narrow.startswith(f"{wide}/")
