"""Against the real binary. The sync client is generated from the async one; both are called."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from keyway_sdk import (
    AsyncKeyway,
    Conflict,
    InsufficientPermissions,
    InvalidRequest,
    KeyInactive,
    KeyInvalid,
    KeyMalformed,
    KeyRevoked,
    Keyway,
    NotAuthorized,
    NotFound,
    VersionConflict,
    question,
)
from keyway_sdk.testing import MockKey, MockKeyway, make_test_key
from keyway_sdk.wire import ImportLine, IssuedKey, VerifyAnswer

from .conftest import Server

GENERATE = Path(__file__).parent / "../generate.py"


@pytest.fixture(scope="module")
def keyway(server: Server) -> Iterator[Keyway]:
    with Keyway(server.url, server.token) as keyway:
        yield keyway


@pytest.fixture(scope="module")
def organization(keyway: Keyway) -> str:
    made = keyway.organizations.create(name="Own", external_id="ext_own")
    keyway.projects.create(organization=made["id"], id="alpha", name="Alpha")
    return made["id"]


def create(keyway: Keyway, organization: str, name: str = "Key", **fields: Any) -> IssuedKey:
    fields.setdefault("grants", [{"permissions": ["read"], "resource": "*"}])
    return keyway.keys.create(organization=organization, name=name, **fields)


def test_what_is_generated_is_what_it_is_generated_from(server: Server) -> None:
    subprocess.run([sys.executable, str(GENERATE), server.url, "--check"], check=True)


def test_a_key_lives(keyway: Keyway, organization: str) -> None:
    issued = create(keyway, organization, metadata={"plan": "pro"})
    key, secret = issued["key"], issued["secret"]
    assert datetime.fromisoformat(issued["effective_everywhere_at"].replace("Z", "+00:00"))
    principal = keyway.verify(secret, permissions=["read"])
    assert (principal["id"], principal["metadata"]) == (key["id"], {"plan": "pro"})
    with pytest.raises(InsufficientPermissions) as lacks:
        keyway.verify(secret, permissions=["read", "write", "admin"])
    assert lacks.value.missing_permissions == ("write", "admin")

    edited = keyway.keys.update(key["id"], name="Renamed", version=key["version"])
    assert edited["key"]["name"] == "Renamed"
    with pytest.raises(VersionConflict):
        keyway.keys.update(key["id"], name="Late", version=key["version"])
    assert keyway.keys.load(key["id"])["name"] == "Renamed"

    keyway.keys.deactivate(key["id"])
    with pytest.raises(KeyInactive):
        keyway.verify(secret)
    keyway.keys.activate(key["id"])
    successor = keyway.keys.rotate(key["id"], grace="0s")
    with pytest.raises(KeyRevoked):
        keyway.verify(secret)
    assert keyway.verify(successor["secret"])["id"] == successor["key"]["id"]

    keyway.keys.revoke(successor["key"]["id"], reason="test")
    with pytest.raises(KeyRevoked):
        keyway.verify(successor["secret"])
    assert keyway.keys.revoke(successor["key"]["id"])["key"]["status"] == "revoked"
    keyway.keys.delete(successor["key"]["id"])
    with pytest.raises(NotFound):
        keyway.keys.load(successor["key"]["id"])
    assert keyway.keys.load_usage(key["id"])


def test_an_idempotency_key_makes_one_key(keyway: Keyway, organization: str) -> None:
    issued = create(keyway, organization, "Once", idempotency_key="once")
    with pytest.raises(Conflict) as again:
        create(keyway, organization, "Once", idempotency_key="once")
    assert again.value.code == "secret_already_shown"
    assert issued["secret"] not in str(again.value)
    assert len(list(keyway.keys.list(q="Once"))) == 1


def test_a_list_is_followed_over_its_pages(keyway: Keyway, organization: str) -> None:
    for number in range(5):
        create(keyway, organization, f"Paged {number}", owner="pager")
    names = [key["name"] for key in keyway.keys.list(owner="pager", limit=2)]
    assert names == [f"Paged {number}" for number in reversed(range(5))]
    page = keyway.keys.list_page(owner="pager", limit=2, include_revoked=False)
    assert len(page["data"]) == 2 and page["next_cursor"]


def test_a_batch_answers_each_question_in_its_place(keyway: Keyway, organization: str) -> None:
    secret = create(keyway, organization)["secret"]
    asked = [question(secret), question(make_test_key()), question(secret, ["write"])]
    assert [(it["valid"], it["code"]) for it in keyway.verify_batch(asked)] == [
        (True, "valid"),
        (False, "api_key_invalid"),
        (False, "insufficient_permissions"),
    ]
    with pytest.raises(KeyInvalid):
        keyway.verify(make_test_key())
    with pytest.raises(KeyMalformed):
        keyway.verify("nonsense")


def test_leaked_secrets_are_revoked_together(keyway: Keyway, organization: str) -> None:
    secrets = [create(keyway, organization)["secret"] for _ in range(2)]
    revoked = keyway.keys.revoke_batch(secrets=[*secrets, make_test_key()], reason_code="leaked")
    assert [it["result"] for it in revoked["data"]] == ["revoked", "revoked", "unknown"]


def line(organization: str, name: str, secret: str) -> ImportLine:
    return {
        "organization": organization,
        "name": name,
        "sha256": hashlib.sha256(secret.encode()).hexdigest(),
        "display_prefix": secret[:8],
        "environment": "test",
    }


def test_an_import_counts_its_lines_over_several_calls(keyway: Keyway, organization: str) -> None:
    secrets = [make_test_key() for _ in range(1000)]

    def lines() -> Iterator[ImportLine]:
        yield from (line(organization, f"In {n}", secret) for n, secret in enumerate(secrets))
        yield {**line(organization, "Bad", "x"), "sha256": "x"}

    refused, totals = keyway.keys.import_lines(lines())
    assert isinstance(refused, dict) and refused.get("line") == 1001
    assert totals == {"imported": 1000, "refused": 1}
    assert keyway.verify(secrets[999])["name"] == "In 999"
    assert list(keyway.keys.import_lines([])) == [{"imported": 0, "refused": 0}]


def test_organizations_members_and_who_calls(
    server: Server, keyway: Keyway, organization: str
) -> None:
    other = keyway.organizations.create(name="Other")
    assert keyway.organizations.load(other["id"])["name"] == "Other"
    keyway.organizations.update(other["id"], name="Third", version=other["version"])
    secret = keyway.keys.create(organization=other["id"], name="Key")["secret"]
    keyway.organizations.suspend(other["id"])
    with pytest.raises(KeyInactive):
        keyway.verify(secret)
    keyway.organizations.resume(other["id"])
    keyway.verify(secret)
    assert {it["id"] for it in keyway.organizations.list(limit=1)} >= {organization, other["id"]}
    assert [it["id"] for it in keyway.projects.list(organization=organization)] == ["alpha"]

    ada = keyway.members.create(
        organization=organization, name="Ada", email="ada@example.org", role="owner"
    )
    bob = keyway.members.create(
        organization=organization, name="Bob", email="bob@example.org", role="owner"
    )
    keyway.members.update(bob["id"], role="viewer", version=bob["version"])
    assert keyway.members.load(bob["id"])["role"] == "viewer"
    keyway.members.remove(bob["id"])
    assert [it["id"] for it in keyway.members.list(organization=organization)] == [ada["id"]]

    me = keyway.whoami().get("management_key")
    assert me and me["is_root"]
    with Keyway(server.url, secret) as holder:
        own = holder.whoami().get("key")
        assert own and own["name"] == "Key"
        with pytest.raises(NotAuthorized):
            holder.verify(secret)


def test_resources_are_told_listed_and_taken_back(keyway: Keyway, organization: str) -> None:
    resources, path = keyway.resources, "project/alpha/flow/f_1"
    told = resources.put(path, name="First", organization=organization)
    assert (told["path"], told["name"], told["version"]) == (path, "First", 1)
    second = resources.put(path, name="Second", organization=organization, version=1)
    assert second["version"] == 2
    with pytest.raises(VersionConflict):
        resources.put(path, name="Late", organization=organization, version=1)
    resources.put("project/alpha/table/t", name="Beside", organization=organization)
    found = resources.list(organization=organization, prefix="project/alpha/flow")
    assert [it["name"] for it in found] == ["Second"]
    assert resources.load(path, organization=organization)["name"] == "Second"
    resources.remove(path, organization=organization)
    with pytest.raises(NotFound):
        resources.load(path, organization=organization)
    with pytest.raises(InvalidRequest):
        resources.put("project", name="n", organization=organization)


def test_a_refused_field_is_named(keyway: Keyway, organization: str) -> None:
    with pytest.raises(InvalidRequest, match="/name") as refused:
        keyway.keys.create(organization=organization, name="")
    assert refused.value.fields[0]["pointer"] == "/name"
    assert str(refused.value.request_id).startswith("req_")


def test_an_argument_that_is_no_field_is_refused_by_the_server(keyway: Keyway) -> None:
    misspelt: Any = {"expire_at": "2030-01-01T00:00:00Z"}
    with pytest.raises(InvalidRequest, match="expire_at"):
        keyway.keys.create(name="n", **misspelt)


@pytest.mark.anyio
async def test_the_async_client_does_the_same(server: Server, organization: str) -> None:
    secret = make_test_key()

    async def lines() -> AsyncIterator[ImportLine]:
        yield line(organization, "Awaited", secret)

    async with AsyncKeyway(server.url, server.token) as keyway:
        imported = [it async for it in keyway.keys.import_lines(lines())]
        assert imported == [{"imported": 1, "refused": 0}]
        assert (await keyway.verify(secret))["name"] == "Awaited"
        (key,) = [it async for it in keyway.keys.list(q="Awaited", limit=1)]
        await keyway.keys.revoke(key["id"])
        with pytest.raises(KeyRevoked):
            await keyway.verify(secret)
        (answer,) = await keyway.verify_batch([question(secret)])
        assert answer["code"] == "api_key_revoked"


def test_the_mock_answers_as_the_server_does(keyway: Keyway, organization: str) -> None:
    mock = MockKeyway()
    soon = datetime.now(timezone.utc) + timedelta(seconds=0.7)
    names: dict[str, Any] = {
        "organization": organization,
        "organization_external_id": "ext_own",
    }
    keys = [
        MockKey(**names),
        MockKey(permissions=["read", "a.write"], **names),
        MockKey(permissions=["*"], project="alpha", owner="u1", metadata={"a": 1}, **names),
        MockKey(permissions=["read"], resource="project/alpha/flow/f", **names),
        MockKey(permissions=["read"], environment="live", **names),
        MockKey(permissions=["read"], expires_at=soon, **names),
    ]
    pairs = [(real_key(keyway, key), mock.issue(key)) for key in keys]
    time.sleep(0.8)
    for real, mocked in pairs:
        for asked in questions(organization):
            theirs = keyway.ask(question(real, **asked))
            ours = mock.ask(question(mocked, **asked))
            assert comparable(ours) == comparable(theirs), asked


def real_key(keyway: Keyway, key: MockKey) -> str:
    fields: dict[str, Any] = {"environment": key.environment, "metadata": key.metadata}
    if key.permissions:
        fields["grants"] = [{"permissions": list(key.permissions), "resource": key.resource}]
    if key.project:
        fields["project"] = key.project
    if key.owner:
        fields["owner"] = key.owner
    if key.expires_at:
        fields["expires_at"] = key.expires_at.isoformat().replace("+00:00", "Z")
    return keyway.keys.create(organization=key.organization, name=key.name, **fields)["secret"]


def questions(organization: str) -> list[dict[str, Any]]:
    places = ["*", "project/alpha", "project/alphabet", "project/alpha/flow/f/step/1"]
    return [
        {},
        {"permissions": ["read"]},
        {"permissions": ["read", "write", "a.write"]},
        {"permissions": ["a"], "resource": "*"},
        *({"resource": it} for it in places),
        *({"resource": it, "permissions": ["read"]} for it in places),
        {"organization": organization},
        {"organization": "ext_own"},
        {"organization": "elsewhere"},
        {"environment": "test"},
        {"environment": "live", "permissions": ["write"]},
    ]


def comparable(answer: VerifyAnswer) -> Any:
    """Without what two keys cannot have in common."""
    key = answer.get("key")
    rest: dict[str, Any] = {**key} if key else {}
    for name in ("id", "suffix", "expires_at"):
        rest.pop(name, None)
    return {**answer, "key": rest}
