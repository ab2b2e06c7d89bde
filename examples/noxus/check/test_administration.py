"""What the client's administration may do, and with which key. Names begin with what they prove."""

import pytest
from noxus_sdk.errors import ForbiddenError, NoxusApiError, UnauthorizedError, ValidationError

from .keyway import ROOT, Tenant
from .test_client import refuses, saves

WORKSPACE_PERMISSIONS = 16


@pytest.fixture
def administrator(connect):
    """Of a tenant of its own."""
    tenant = Tenant()
    return tenant, connect(tenant.administrators_key())


def test_a_key_that_is_no_administrators_administers_nothing(tenant, connect):
    secret = tenant.person("org_admin").key("alpha")["secret"]
    with pytest.raises(ValueError):
        connect(secret).admin.list_workspaces()
    unaware = connect(secret, load_me=False).admin
    refuses(ForbiddenError, 403, unaware.list_workspaces)
    refuses(ForbiddenError, 403, lambda: unaware.create_workspace("x"))
    refuses(ForbiddenError, 403, unaware.list_system_keys)
    refuses(ForbiddenError, 403, lambda: unaware.create_system_key("x", tenant_admin=True))
    refuses(ForbiddenError, 403, lambda: unaware.delete_system_key("key_x"))
    refuses(ForbiddenError, 403, unaware.list_users)
    refuses(ForbiddenError, 403, unaware.list_roles)


def test_nx_33_an_administrators_key_makes_keys_of_workspaces(administrator, connect):
    tenant, client = administrator
    workspaces = client.admin.list_workspaces()
    assert sorted(it.id for it in workspaces) == sorted(tenant.workspaces)
    alpha = next(it for it in workspaces if it.id == "alpha")
    made = alpha.add_api_key("ci")
    assert len(made.value) == len("noxus_") + 40 and not made.tenant_admin
    assert len(made.permissions) == WORKSPACE_PERMISSIONS
    user = connect(made.value)
    assert saves(user).id in [it.id for it in user.workflows.list()]
    assert not user.admin.enabled
    refuses(ValidationError, 422, lambda: alpha.add_api_key("ci", is_admin=True))
    created = client.admin.create_workspace("Gamma")
    assert created.id in [it.id for it in client.admin.list_workspaces()]
    assert connect(created.add_api_key("ci").value).workflows.list() == []


def test_nx_33_system_keys_are_made_listed_masked_and_deleted(administrator, connect):
    tenant, client = administrator
    made = client.admin.create_system_key("directory", permissions=["users:read"])
    assert (made.permissions, made.tenant_admin) == (["users:read"], False)
    listed = {it.id: it for it in client.admin.list_system_keys()}
    assert listed[made.id].value == f"{made.value[:10]}…"
    assert made.value not in str(listed)
    directory = connect(made.value, load_me=False)
    person = tenant.person("org_admin")
    [user] = [it for it in directory.admin.list_users() if it.id == person.id]
    assert user.tenant_admin and user.is_active and user.email.endswith("@example.com")
    refuses(ForbiddenError, 403, directory.admin.list_workspaces)
    refuses(ForbiddenError, 403, directory.admin.list_roles)
    # It is of no workspace: it reads no workflows, and no list of a workspace has it.
    refuses(ForbiddenError, 403, directory.workflows.list)
    for workspace in tenant.workspaces:
        path = f"/v1/keys?organization={tenant.id}&project={workspace}"
        assert made.id not in [it["id"] for it in ROOT.get(path).json()["data"]]
    assert client.admin.delete_system_key(made.id) is True
    refuses(UnauthorizedError, 401, directory.admin.list_users)
    assert made.id not in [it.id for it in client.admin.list_system_keys()]


def test_nx_33_an_administrators_key_makes_another_one(administrator, connect):
    _, client = administrator
    made = client.admin.create_system_key("second", permissions=["org:admin"], tenant_admin=True)
    second = connect(made.value)
    assert second.admin.enabled and second.admin.get_me().permissions == ["org:admin"]
    roles = {it["id"]: it["permissions"] for it in second.admin.list_roles()}
    assert set(roles) == {"org_admin", "org_base", "admin", "editor", "reader"}
    assert roles["reader"]["flows_run"] is True and roles["reader"]["flows_edit"] is False
    # No more than it holds itself, and nothing that is no system key's.
    give = second.admin.create_system_key
    refuses(ForbiddenError, 403, lambda: give("x", permissions=["users:read"]))
    for word in ["flows_edit", "tenant:admin", "*"]:
        refuses(ValidationError, 422, lambda word=word: give("x", permissions=[word]))


def test_another_tenants_things_are_not_found(administrator, connect):
    _, client = administrator
    other = connect(Tenant(workspaces=("delta",)).administrators_key())
    theirs = other.admin.create_system_key("theirs")
    assert "delta" not in [it.id for it in client.admin.list_workspaces()]
    assert theirs.id not in [it.id for it in client.admin.list_system_keys()]
    with pytest.raises(NoxusApiError) as raised:
        client.admin.delete_system_key(theirs.id)
    assert raised.value.status_code == 404
    [delta] = other.admin.list_workspaces()
    delta.client = client
    with pytest.raises(NoxusApiError) as raised:
        delta.add_api_key("ci")
    assert raised.value.status_code == 404
