"""Which calls are made again, and which never."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from keyway_sdk import AsyncKeyway, Conflict, Keyway, ProblemError, Undecided, Unreachable

from .conftest import CUT, SILENT, Acted, Step, problem

TOKEN = "kw_mgmt_" + "0" * 40
SECRET = "a secret that nobody may see"
VALID = Step(200, {"valid": True, "code": "valid", "http_status": 200, "key": {"id": "k"}})
DONE = Step(200, {"key": {"id": "k"}})

Acting = Callable[..., Acted]


@pytest.mark.parametrize("first", [CUT, Step(502), problem(503, "undecided", "0")])
def test_a_question_is_asked_again(acting: Acting, first: Step) -> None:
    acted = acting(first, VALID)
    with Keyway(acted.url, TOKEN) as keyway:
        assert keyway.verify(SECRET)["id"] == "k"
    assert len(acted.seen) == 2


@pytest.mark.anyio
async def test_a_question_that_is_awaited_is_asked_again(acting: Acting) -> None:
    acted = acting(CUT, problem(503, "undecided", "0"), VALID)
    async with AsyncKeyway(acted.url, TOKEN) as keyway:
        assert (await keyway.verify(SECRET))["id"] == "k"
    assert len(acted.seen) == 3


@pytest.mark.parametrize("step", [CUT, Step(502), problem(503, "undecided", "0")])
def test_repetitions_end_and_the_end_is_undecided(acting: Acting, step: Step) -> None:
    acted = acting(step)
    with Keyway(acted.url, TOKEN) as keyway, pytest.raises(Undecided) as caught:
        keyway.verify(SECRET)
    assert len(acted.seen) == 3
    assert caught.value.__context__ is None
    with Keyway(acted.url, TOKEN, retries=0) as keyway, pytest.raises(Undecided):
        keyway.verify(SECRET)
    assert len(acted.seen) == 4


def test_a_silent_server_costs_the_time_that_was_given(acting: Acting) -> None:
    acted = acting(SILENT)
    with Keyway(acted.url, TOKEN, verify_timeout=0.3) as keyway:
        with pytest.raises(Unreachable, match="no answer in time"):
            keyway.verify(SECRET)
    assert len(acted.seen) <= 3


def test_a_wait_longer_than_the_time_left_is_not_begun(acting: Acting) -> None:
    acted = acting(problem(503, "undecided", "60"))
    with Keyway(acted.url, TOKEN) as keyway, pytest.raises(Undecided) as caught:
        keyway.verify(SECRET)
    assert (caught.value.code, caught.value.retry_after_seconds) == ("undecided", 60)
    assert len(acted.seen) == 1


def test_a_creation_carries_one_idempotency_key_through_all_attempts(acting: Acting) -> None:
    acted = acting(CUT, problem(409, "idempotency_in_progress"), DONE)
    with Keyway(acted.url, TOKEN) as keyway:
        keyway.keys.create(name="n")
        keys = [headers["idempotency-key"] for _, headers, _ in acted.seen]
        assert len(keys) == 3 and len(set(keys)) == 1
        assert re.fullmatch(r"[0-9a-f-]{36}", keys[0])
        keyway.keys.create(name="n", idempotency_key="mine")
    assert acted.seen[-1][1]["idempotency-key"] == "mine"


@pytest.mark.parametrize("step", [CUT, Step(502), problem(503, "outcome_unknown", "0")])
def test_an_edit_is_not_made_again(acting: Acting, step: Step) -> None:
    acted = acting(step, DONE)
    with Keyway(acted.url, TOKEN) as keyway, pytest.raises(Undecided):
        keyway.keys.update("k", name="n", version=3)
    assert len(acted.seen) == 1


def test_an_edit_is_made_again_where_nothing_was_done(acting: Acting) -> None:
    acted = acting(problem(503, "store_unavailable", "0"), DONE)
    with Keyway(acted.url, TOKEN) as keyway:
        keyway.keys.update("k", name="n", owner=None, version=3)
    assert len(acted.seen) == 2
    assert acted.seen[0][1]["if-match"] == '"3"'
    assert acted.seen[0][2] == b'{"name": "n", "owner": null}'


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500])
def test_a_refusal_is_an_answer(acting: Acting, status: int) -> None:
    acted = acting(problem(status, "some_code"))
    with Keyway(acted.url, TOKEN) as keyway, pytest.raises(ProblemError) as caught:
        keyway.keys.create(name="n")
    assert caught.value.code == "some_code" and len(acted.seen) == 1
    assert isinstance(caught.value, Conflict) == (status == 409)


WRONG: list[dict[str, Any]] = [
    {},
    {"valid": "true", "code": "valid", "http_status": 200, "key": {"id": "k"}},
    {"valid": True, "code": "valid", "http_status": 200},
]


@pytest.mark.parametrize(
    "step", [*(Step(200, body) for body in WRONG), Step(200), Step(302, VALID.body), Step(401, "x")]
)
def test_no_answer_but_a_whole_and_right_one_lets_a_key_through(acting: Acting, step: Step) -> None:
    acted = acting(step)
    with Keyway(acted.url, TOKEN) as keyway, pytest.raises(Undecided):
        keyway.verify(SECRET)


def test_an_id_cannot_lead_to_another_route(acting: Acting) -> None:
    acted = acting(DONE)
    with Keyway(f"{acted.url}/below/", TOKEN) as keyway:
        for id in ("../management-keys", "a/b?c#d"):
            keyway.keys.load(id)
        for id in ("", ".", ".."):
            with pytest.raises(ValueError):
                keyway.keys.load(id)
    assert [path for path, _, _ in acted.seen] == [
        "/below/v1/keys/..%2Fmanagement-keys",
        "/below/v1/keys/a%2Fb%3Fc%23d",
    ]


def test_no_log_line_holds_a_secret(acting: Acting, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    acted = acting(CUT, problem(503, "undecided", "0"), VALID)
    with Keyway(acted.url, TOKEN) as keyway:
        keyway.verify(SECRET)
    assert "/v1/keys/verify" in caplog.text
    assert SECRET not in caplog.text and TOKEN not in caplog.text
