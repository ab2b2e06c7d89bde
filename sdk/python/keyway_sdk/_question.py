"""What is asked about a key, and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import Unreachable, refusal
from .wire import Principal, VerifyAnswer, VerifyKey


def question(
    secret: str,
    permissions: Sequence[str] = (),
    resource: str | None = None,
    organization: str | None = None,
    environment: str | None = None,
    ip: str | None = None,
) -> VerifyKey:
    if isinstance(permissions, str):
        # It is a sequence too, of letters.
        raise TypeError("permissions is a list of words")
    asked: VerifyKey = {"secret": secret, "permissions": list(permissions)}
    if resource is not None:
        asked["resource"] = resource
    if organization is not None:
        asked["organization"] = organization
    if environment is not None:
        asked["environment"] = environment
    if ip is not None:
        asked["ip"] = ip
    return asked


def principal_of(answer: VerifyAnswer) -> Principal:
    """What the key stands for, or the reason why it is refused as an error."""
    principal = answer.get("key")
    if answer.get("valid") is True and principal:
        return principal
    if answer.get("valid") is False and "code" in answer:
        raise refusal(answer)
    # Whatever this is, it is neither yes nor no.
    raise Unreachable("an answer came that is not one of Keyway's")
