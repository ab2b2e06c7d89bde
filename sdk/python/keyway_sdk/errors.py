"""Three families that must never be taken for each other.

`KeyRefused`: the answer about the key is no. `Undecided`: there is no answer, neither yes nor no.
`ProblemError`: the call itself was refused, which says nothing about any key.

No error holds a secret, neither in its message nor in a field nor in its cause: errors are logged.
"""

from __future__ import annotations

from collections.abc import Sequence

from ._codes import CODES
from .wire import FieldProblem, Problem, VerifyAnswer


class KeywayError(Exception):
    """Everything that this package raises by itself."""

    code: str
    """The stable name of what happened; branch on it, or on the class."""


class ConfigurationError(KeywayError):
    """The client cannot be made as it was told to."""

    code = "configuration"


class KeyRefused(KeywayError):
    """The key is refused."""

    def __init__(
        self,
        code: str,
        status: int,
        missing_permissions: Sequence[str] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        words = CODES.get(code)
        self.code = code
        #: What to answer the key's user with: 401, 403 or 429.
        self.status = status
        self.title = words.title if words else "The API key is refused"
        #: All that are missing, where permissions are.
        self.missing_permissions = tuple(missing_permissions)
        #: When to come again, where the key was used too often.
        self.retry_after_seconds = retry_after_seconds
        missing = ", ".join(missing_permissions)
        super().__init__(_sentence(code, self.title, f"missing: {missing}" if missing else ""))


class KeyMissing(KeyRefused):
    """None was sent."""


class KeyMalformed(KeyRefused):
    """It is no key at all."""


class KeyInvalid(KeyRefused):
    """There is no such key."""


class KeyRevoked(KeyRefused):
    """It was ended for good."""


class KeyExpired(KeyRefused):
    """Its time is over."""


class TokenExpired(KeyRefused):
    """The token that a key was exchanged for is over; the key may still work."""


class KeyInactive(KeyRefused):
    """It is switched off, or its organization is suspended."""


class IpNotAllowed(KeyRefused):
    """It may not be used from this address."""


class EnvironmentMismatch(KeyRefused):
    """It belongs to another environment."""


class OutOfScope(KeyRefused):
    """It does not reach the resource."""


class InsufficientPermissions(KeyRefused):
    """It lacks `missing_permissions`."""


class RateLimited(KeyRefused):
    """It works, and was used as often as its limit lets it."""


class Undecided(KeywayError):
    """Nothing was decided, or whether a change was made is not known. Neither yes nor no."""

    def __init__(
        self,
        code: str,
        message: str,
        request_id: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        self.code = code
        self.request_id = request_id
        #: When to ask again, as the server said.
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class Unreachable(Undecided):
    """No answer arrived, or only a part of one, or one that is not Keyway's."""

    def __init__(self, message: str) -> None:
        super().__init__("unreachable", f"{message}; check KEYWAY_URL and that the server runs")


class ProblemError(KeywayError):
    """The call was refused."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.code = problem["code"]
        self.status = problem["status"]
        self.request_id = problem.get("request_id")
        fields = "; ".join(f"{it['pointer']}: {it['detail']}" for it in problem.get("errors", []))
        detail = fields or problem.get("detail") or ""
        super().__init__(_sentence(self.code, problem["title"], detail, self.request_id))


class NotAuthorized(ProblemError):
    """The client's own management key is missing, unknown, revoked or expired."""


class PermissionDenied(ProblemError):
    """The client's own management key may not do this."""


class NotFound(ProblemError):
    """There is no such thing, or not for this caller."""


class Conflict(ProblemError):
    """Something stands against the change: it exists already, or is in no state for it."""


class VersionConflict(ProblemError):
    """The object has another version than the one that was named, or one must be named."""


class InvalidRequest(ProblemError):
    """Fields are wrong; `fields` says which."""

    @property
    def fields(self) -> Sequence[FieldProblem]:
        return self.problem.get("errors", [])


_REFUSALS: dict[str, type[KeyRefused]] = {
    "api_key_missing": KeyMissing,
    "api_key_malformed": KeyMalformed,
    "api_key_invalid": KeyInvalid,
    "api_key_revoked": KeyRevoked,
    "api_key_expired": KeyExpired,
    "access_token_expired": TokenExpired,
    "api_key_inactive": KeyInactive,
    "ip_not_allowed": IpNotAllowed,
    "environment_mismatch": EnvironmentMismatch,
    "out_of_scope": OutOfScope,
    "insufficient_permissions": InsufficientPermissions,
    "rate_limited": RateLimited,
}

_PROBLEMS: dict[int, type[ProblemError]] = {
    400: InvalidRequest,
    401: NotAuthorized,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    412: VersionConflict,
    422: InvalidRequest,
    428: VersionConflict,
}


def refusal(answer: VerifyAnswer) -> KeyRefused:
    """The error for an answer that refuses a key. A profile may have names of its own for codes."""
    code = str(answer.get("code"))
    missing = answer.get("missing_permissions", [])
    by_content = InsufficientPermissions if missing else KeyRefused
    kind = _REFUSALS.get(code, by_content)
    wait = answer.get("retry_after_seconds")
    return kind(code, answer.get("http_status", 0), missing, wait)


def problem_error(problem: Problem) -> ProblemError:
    return _PROBLEMS.get(problem["status"], ProblemError)(problem)


def undecided(problem: Problem, retry_after_seconds: int | None) -> Undecided:
    code, request_id = problem["code"], problem.get("request_id")
    message = _sentence(code, problem["title"], problem.get("detail") or "", request_id)
    return Undecided(code, message, request_id, retry_after_seconds)


def _sentence(code: str, title: str, detail: str, request_id: str | None = None) -> str:
    """What happened, then what to do about it, then how to find it again."""
    words = CODES.get(code)
    is_known = words is not None and detail == words.happened
    what = f"{title} ({detail})" if detail and not is_known else title
    hint = f" {words.to_do}" if words else ""
    request = f", {request_id}" if request_id else ""
    return f"{what}.{hint} [{code}{request}]"
