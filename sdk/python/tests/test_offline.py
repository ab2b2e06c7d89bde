"""What the package does by itself."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from keyway_sdk import (
    ConfigurationError,
    Conflict,
    InsufficientPermissions,
    InvalidRequest,
    KeyExpired,
    KeyRefused,
    KeyRevoked,
    Keyway,
    KeywayError,
    NotAuthorized,
    NotFound,
    PermissionDenied,
    ProblemError,
    RateLimited,
    Undecided,
    VersionConflict,
    question,
)
from keyway_sdk._credential import CARRIERS, find_credential
from keyway_sdk._key_string import checksum
from keyway_sdk.errors import problem_error, refusal
from keyway_sdk.testing import MockKey, MockKeyway, make_test_key
from keyway_sdk.wire import Problem

from .conftest import vectors

URL = "http://127.0.0.1:1"
TOKEN = "kw_mgmt_" + "0" * 40


def test_a_credential_is_found_as_the_vectors_say() -> None:
    rows = vectors("credentials")
    assert len(rows) > 20
    for row in rows:
        found = find_credential([(name, value) for name, value in row["headers"]], CARRIERS)
        assert (found.secret or None, found.code) == (row.get("token"), row.get("code")), row
        assert "abc" not in repr(found)


def test_a_header_that_is_no_carrier_is_not_tried() -> None:
    carriers = ["header:X-Product-Key"]
    assert find_credential([("Authorization", "Bearer a")], carriers).code == "api_key_missing"
    assert find_credential([("x-product-key", "a")], carriers).secret == "a"


def test_a_checksum_is_what_the_vectors_say_and_a_test_key_has_one() -> None:
    for row in vectors("checksums"):
        secret = row["secret_character"] * 40
        assert checksum(f"kw_{row['environment']}_{row['id']}_{secret}") == row["check"]
    key = make_test_key()
    assert re.fullmatch(r"kw_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}", key)
    assert key[-6:] == checksum(key[:-6])
    assert make_test_key() != key


def test_every_code_is_an_error_of_its_family_whose_message_says_what_to_do() -> None:
    rows = vectors("codes")
    first = [row["code"] for row in rows].index("credential_missing")
    kinds = set()
    for row in rows[:first]:
        code, status = row["code"], row["status"]
        error: KeywayError = refusal({"valid": False, "code": code, "http_status": status})
        assert str(error) == f"{row['title']}. {row['to_do']} [{code}]"
        kinds.add(type(error))
    assert len(kinds) == first and KeyRefused not in kinds
    for row in rows[first:]:
        error = problem_error(_problem(row["status"], row["code"], row["title"]))
        assert str(error) == f"{row['title']}. {row['to_do']} [{row['code']}, req_1]"


def _problem(status: int, code: str = "fresh", title: str = "Fresh") -> Problem:
    return {"type": "", "code": code, "status": status, "title": title, "request_id": "req_1"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, NotAuthorized),
        (403, PermissionDenied),
        (404, NotFound),
        (409, Conflict),
        (412, VersionConflict),
        (418, ProblemError),
        (422, InvalidRequest),
        (428, VersionConflict),
    ],
)
def test_a_family_is_known_by_its_status(status: int, kind: type[ProblemError]) -> None:
    assert type(problem_error(_problem(status))) is kind


def test_a_profiles_own_names_for_codes_are_still_refusals() -> None:
    own = refusal({"valid": False, "code": "API_KEY_REVOKED", "http_status": 401})
    assert type(own) is KeyRefused and own.status == 401
    lacks = refusal(
        {
            "valid": False,
            "code": "ROLE_FORBIDDEN",
            "http_status": 403,
            "missing_permissions": ["write"],
        }
    )
    assert isinstance(lacks, InsufficientPermissions) and "missing: write" in str(lacks)


def test_a_key_that_is_used_too_often_says_when_to_come_again() -> None:
    often = refusal(
        {"valid": False, "code": "rate_limited", "http_status": 429, "retry_after_seconds": 30}
    )
    assert type(often) is RateLimited and often.retry_after_seconds == 30


def test_what_is_missing_is_named_and_arguments_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYWAY_URL", raising=False)
    monkeypatch.delenv("KEYWAY_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="KEYWAY_URL is not set: set it, or give `url`"):
        Keyway()
    monkeypatch.setenv("KEYWAY_URL", "not an address")
    with pytest.raises(ConfigurationError, match="KEYWAY_TOKEN is not set"):
        Keyway(URL)
    with pytest.raises(ConfigurationError, match="http or https"):
        Keyway(token=TOKEN)
    Keyway(URL, TOKEN).close()
    monkeypatch.setenv("KEYWAY_URL", URL)
    monkeypatch.setenv("KEYWAY_TOKEN", TOKEN)
    Keyway().close()
    with pytest.raises(ConfigurationError, match="timeout must be more than 0"):
        Keyway(timeout=0)


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}é", f"{TOKEN} x"])
def test_a_bad_token_is_not_repeated(token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Keyway(URL, token)
    _assert_free_of(TOKEN, caught.value)


@pytest.mark.parametrize("url", [TOKEN, f"http://user:{TOKEN}@127.0.0.1", "ftp://127.0.0.1"])
def test_a_token_in_the_place_of_the_address_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Keyway(url, TOKEN)
    _assert_free_of(TOKEN, caught.value)


def _assert_free_of(secret: str, error: BaseException) -> None:
    assert secret not in repr(error) and secret not in str(error)
    assert error.__cause__ is None and error.__context__ is None


def test_no_picture_of_a_client_holds_its_token() -> None:
    with Keyway(URL, TOKEN) as keyway:
        for it in (keyway, keyway.keys, keyway._connection, keyway._connection._settings):
            assert TOKEN not in repr(it)


def test_one_word_is_no_list_of_permissions() -> None:
    with pytest.raises(TypeError):
        question("k", "read")


def test_the_mock_knows_revoked_for_good_time_and_being_down() -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    mock = MockKeyway(lambda: now)
    tomorrow = now + timedelta(days=1)
    secret = mock.issue(MockKey(permissions=["read"], expires_at=tomorrow))
    assert mock.verify(secret)["permissions"] == ["read"]
    mock.go_down()
    with pytest.raises(Undecided):
        mock.verify(secret)
    mock.come_back()
    now = tomorrow
    with pytest.raises(KeyExpired):
        mock.verify(secret)
    mock.revoke(secret)
    mock.activate(secret)
    with pytest.raises(KeyRevoked):
        mock.verify(secret)
    with pytest.raises(KeyError):
        mock.revoke("none of its own")
