"""A watch over connections that come and go, and against the real binary."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from keyway_sdk import AsyncKeyway, KeyRevoked, Keyway, ProblemError
from keyway_sdk.watch import Changed, Interrupted, Lost, WatchEvent, Watching

from .conftest import Server

TOKEN = "kw_mgmt_" + "0" * 40
HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n"
LOST = '{"type":"end","reason":"lost","detail":""}\n'


def position(seq: int) -> str:
    return f'{{"type":"position","seq":{seq}}}\n'


def change(seq: int, touches: str, whose: str) -> str:
    line: dict[str, Any] = {"type": "change", "seq": seq, "action": "a", "touches": touches}
    line["keys"] = [whose] if touches == "keys" else []
    line["organization"] = whose if touches == "organization" else "org_1"
    return f"{json.dumps(line)}\n"


def problem(status: int, code: str) -> str:
    body = json.dumps({"type": "", "title": "No", "status": status, "code": code})
    return f"HTTP/1.1 {status} No\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n{body}"


@dataclass
class Acted:
    url: str
    #: The first line of each request.
    asked: list[str] = field(default_factory=list)


Acting = Callable[..., Acted]


@pytest.fixture
def acting() -> Iterator[Acting]:
    """A server that gives each connection its answer and closes it; None keeps it open."""
    listeners: list[socket.socket] = []
    held: list[socket.socket] = []

    def act(*answers: str | None) -> Acted:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        acted = Acted(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                acted.asked.append(connection.recv(4096).decode().split(" ")[1])
                connection.sendall((HEAD + position(1) if answer is None else answer).encode())
                held.append(connection)
                if answer is not None:
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return acted

    yield act
    for it in [*listeners, *held]:
        it.close()


def told(event: WatchEvent) -> str:
    if isinstance(event, Changed):
        return str(event.change["seq"])
    if isinstance(event, Watching):
        return f"watching {event.seq}"
    return {Interrupted: "interrupted", Lost: "lost"}[type(event)]


def first(count: int, url: str, key: Any = None) -> list[str]:
    with Keyway(url, TOKEN) as keyway, keyway.watch(key) as events:
        return [told(event) for _, event in zip(range(count), events, strict=False)]


def test_a_watch_goes_on_behind_the_last_line(acting: Acting) -> None:
    acted = acting(
        HEAD + position(5) + change(6, "keys", "k1") + '{"type":"change","seq":7,"act',
        HEAD + position(6) + '{"type":"heartbeat","seq":9}\n{"type":"to come","seq":99}\n',
        "",
        problem(503, "undecided"),
        HEAD + position(9) + change(11, "keys", "k2"),
    )
    assert first(8, acted.url) == [
        "watching 5",
        "6",
        "interrupted",
        "watching 6",
        "interrupted",
        "watching 9",
        "11",
        "interrupted",
    ]
    behind = [f"/v1/follow?after={seq}" for seq in (6, 9, 9, 9)]
    assert acted.asked == ["/v1/follow", *behind]


def test_a_watch_of_one_key_leaves_out_what_bears_on_others(acting: Acting) -> None:
    lines = [
        position(5),
        change(6, "keys", "k2"),
        change(7, "keys", "k1"),
        change(8, "organization", "org_2"),
        change(9, "organization", "org_1"),
        change(10, "everything", ""),
    ]
    key = {"id": "k1", "organization": "org_1"}
    found = first(5, acting(HEAD + "".join(lines)).url, key)
    assert found == ["watching 5", "7", "9", "10", "interrupted"]


def test_lost_changes_are_told_and_followed_anew(acting: Acting) -> None:
    acted = acting(
        HEAD + position(5) + LOST,
        HEAD + position(2),
        problem(409, "position_unknown"),
        HEAD + position(1),
    )
    expected = ["watching 5", "lost", "watching 2", "interrupted", "lost", "watching 1"]
    assert first(6, acted.url) == expected
    assert acted.asked == ["/v1/follow", "/v1/follow", "/v1/follow?after=2", "/v1/follow"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_that_stays_ends_the_watch(acting: Acting, status: int) -> None:
    acted = acting(problem(status, "some_code"))
    with pytest.raises(ProblemError) as caught:
        first(1, acted.url)
    assert caught.value.code == "some_code" and len(acted.asked) == 1
    assert TOKEN not in repr(caught.value.__context__)


def test_a_silent_connection_is_given_up(acting: Acting) -> None:
    began = time.monotonic()
    url = acting(None, HEAD + position(1)).url
    assert first(3, url) == ["watching 1", "interrupted", "watching 1"]
    assert time.monotonic() - began >= 5.9


@pytest.mark.anyio
async def test_a_watch_hears_of_its_key_as_soon_as_the_change_has_returned(server: Server) -> None:
    async with AsyncKeyway(server.url, server.token) as keyway:
        organization = (await keyway.organizations.create(name="Watched"))["id"]
        issued = await keyway.keys.create(organization=organization, name="Watched")
        other = await keyway.keys.create(organization=organization, name="Other")
        key, secret = issued["key"], issued["secret"]
        watched = await keyway.verify(secret)
        async with keyway.watch(watched) as events:
            assert isinstance(await anext(events), Watching)
            await keyway.keys.revoke(other["key"]["id"])
            # Longer than a heartbeat takes to come.
            await anyio.sleep(2.5)
            await keyway.keys.deactivate(key["id"])
            await keyway.keys.revoke(key["id"])
            for action in ("key.deactivated", "key.revoked"):
                event = await anext(events)
                assert isinstance(event, Changed) and event.change["action"] == action
            with pytest.raises(KeyRevoked):
                await keyway.verify(secret)
        assert [event async for event in events] == []


def test_another_thread_stops_a_watch_that_waits(server: Server) -> None:
    with Keyway(server.url, server.token) as keyway, keyway.watch() as events:
        assert isinstance(next(events), Watching)
        threading.Timer(0.1, events.stop).start()
        began = time.monotonic()
        assert list(events) == []
        # A heartbeat comes every two seconds.
        assert time.monotonic() - began < 4


def test_who_may_not_follow_is_told_so(server: Server) -> None:
    with Keyway(server.url, server.token) as keyway:
        organization = keyway.organizations.create(name="Nobody")["id"]
        secret = keyway.keys.create(organization=organization, name="Key")["secret"]
    with Keyway(server.url, secret) as holder, holder.watch() as events:
        with pytest.raises(ProblemError) as caught:
            next(events)
        assert caught.value.status in (401, 403)
