"""noxus-sdk 0.6.0, unmodified, against the example. Names begin with what they prove."""

import time
from datetime import datetime, timedelta, timezone

import pytest
from noxus_sdk.client import Client
from noxus_sdk.errors import ForbiddenError, NotFoundError, UnauthorizedError
from noxus_sdk.resources.admin import Workspace
from noxus_sdk.workflows import WorkflowDefinition

from .keyway import ROOT

EDITOR = [
    "agents_delete", "agents_edit", "agents_run", "flows_delete", "flows_edit", "flows_run",
    "kbs_delete", "kbs_edit", "kbs_query",
]  # fmt: skip


def refuses(kind, status, call):
    with pytest.raises(kind) as raised:
        call()
    assert type(raised.value) is kind and raised.value.status_code == status
    assert str(raised.value).startswith(f"{status} ")


def saves(client, name="x"):
    return client.workflows.save(WorkflowDefinition(name=name))


def test_nx_1_nx_12_an_editors_key_given_to_the_constructor_works(tenant, connect):
    key = tenant.person(alpha="editor").key("alpha")
    client = connect(key["secret"])
    saved = saves(client, "Greeting")
    assert "Greeting" in [it.name for it in client.workflows.list()]
    assert client.workflows.get(saved.id).name == "Greeting"
    me = client.admin.get_me()
    assert (me.id, me.name, me.tenant_admin) == (key["key"]["id"], "ci", False)
    assert me.permissions == EDITOR
    assert me.value == f"{key['secret'][:10]}…"


def test_nx_13_the_client_reads_key_and_backend_from_the_environment(tenant, monkeypatch):
    key = tenant.person(alpha="reader").key("alpha")
    monkeypatch.setenv("NOXUS_API_KEY", key["secret"])
    assert Client.from_env().admin.get_me().id == key["key"]["id"]


def test_nx_2_a_key_names_the_application_that_calls(tenant, connect):
    ann = tenant.person(alpha="editor")
    for name in ["Billing", "Search"]:
        key = ann.key("alpha", name=name)
        assert connect(key["secret"]).admin.get_me().name == name


def test_nx_27_a_readers_key_saves_nothing(tenant, connect):
    client = connect(tenant.person(alpha="reader").key("alpha")["secret"])
    refuses(ForbiddenError, 403, lambda: saves(client))


def test_nx_30_another_workspace_is_forbidden_and_what_is_nowhere_not_found(tenant, connect):
    alpha = connect(tenant.person(alpha="admin").key("alpha")["secret"])
    beta = connect(tenant.person(beta="admin").key("beta")["secret"])
    id = saves(beta).id
    refuses(ForbiddenError, 403, lambda: alpha.workflows.get(id))
    refuses(ForbiddenError, 403, lambda: alpha.workflows.delete(id))
    refuses(NotFoundError, 404, lambda: alpha.workflows.get("0" * 32))
    other = Workspace(client=alpha, id="beta", name="x")
    refuses(ForbiddenError, 403, lambda: other.add_api_key("ci"))


def test_nx_25_unknown_malformed_revoked_and_expired_keys_are_told_at_once(tenant, connect):
    ann = tenant.person(alpha="editor")
    revoked = ann.key("alpha")
    client = connect(revoked["secret"])
    ann.revoke(revoked)
    refuses(UnauthorizedError, 401, client.workflows.list)
    end = datetime.now(timezone.utc) + timedelta(seconds=1)
    expired = ann.key("alpha", expires_at=end.isoformat())["secret"]
    time.sleep(1.1)
    unknown = f"noxus_{'A' * 40}"
    for secret in [unknown, "noxus_short", "x", revoked["secret"], expired]:
        refuses(UnauthorizedError, 401, lambda secret=secret: connect(secret))


def test_nx_4_nx_5_a_key_follows_its_creator(tenant, connect):
    ann = tenant.person(alpha="editor")
    client = connect(ann.key("alpha")["secret"])
    saves(client)
    ann.becomes(alpha="reader")
    refuses(ForbiddenError, 403, lambda: saves(client))
    assert client.workflows.list()
    ann.becomes(beta="editor")
    refuses(UnauthorizedError, 401, client.workflows.list)
    ann.becomes(alpha="editor")
    saves(client)
    ann.leaves()
    refuses(UnauthorizedError, 401, client.workflows.list)


def test_nx_6_a_narrowed_key_does_no_more_than_it_says(tenant, connect):
    narrowed = {"inherit": True, "permissions": ["flows_run"], "resource": "project/alpha"}
    key = tenant.person(alpha="editor").key("alpha", grants=[narrowed])
    client = connect(key["secret"])
    assert client.admin.get_me().permissions == ["flows_run"]
    refuses(ForbiddenError, 403, lambda: saves(client))


def test_nx_22_a_new_key_works_beside_the_old_one_until_that_is_revoked(tenant, connect):
    ann = tenant.person(alpha="editor")
    old, new = ann.key("alpha"), ann.key("alpha")
    before, after = connect(old["secret"]), connect(new["secret"])
    saved = saves(before)
    assert after.workflows.get(saved.id).id == saved.id
    ann.revoke(old)
    refuses(UnauthorizedError, 401, before.workflows.list)
    after.workflows.list()


def test_nx_8_calls_are_counted_for_the_key_that_made_them(tenant, connect):
    key = tenant.person(alpha="reader").key("alpha")
    client = connect(key["secret"])
    client.workflows.list()
    with pytest.raises(ForbiddenError):
        saves(client)
    path = f"/v1/keys/{key['key']['id']}/usage"
    # Counts are written within ten seconds.
    until, told = time.monotonic() + 15, []
    while told != [(3, {"insufficient_permissions": 1})] and time.monotonic() < until:
        time.sleep(0.5)
        usage = ROOT.get(path).json()
        told = [(it["allowed"], it["refused"]) for it in usage["hours"]]
    assert told == [(3, {"insufficient_permissions": 1})]
    assert usage["last_used_at"] and usage["last_refusal"]["reason"] == "insufficient_permissions"
