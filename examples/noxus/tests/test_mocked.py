"""The product with keys from a mock: no server, no network. Names begin with what they prove."""

import httpx
import pytest
from fastapi.testclient import TestClient
from keyway_sdk.testing import AsyncMockKeyway, MockKey

from product.app import create_app

EDITOR = ("flows_edit", "flows_delete", "flows_run")
DRAFT = {"name": "Greeting", "type": "flow", "definition": {"nodes": [], "edges": []}}


def nowhere(_request):
    raise httpx.ConnectError("there is no server here")


@pytest.fixture
def keyway():
    return AsyncMockKeyway()


def product(keyway, pinned=None, handler=nowhere):
    transport = httpx.MockTransport(handler)
    behind = httpx.AsyncClient(base_url="http://keyway", transport=transport)
    return TestClient(create_app(keyway, behind, pinned))


def key(keyway, permissions=EDITOR, project="alpha"):
    secret = keyway.issue(MockKey(permissions=permissions, project=project))
    return {"x-api-key": secret}


def refused(answer, status):
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json()["detail"], str)
    return answer.json()["detail"]


def test_nx_18_an_editors_key_saves_lists_shows_and_deletes(keyway):
    api, headers = product(keyway), key(keyway)
    saved = api.post("/v1/workflows", json=DRAFT, headers=headers).json()
    assert saved == {"id": saved["id"], **DRAFT}
    listed = api.get("/v1/workflows?page=1&page_size=10", headers=headers).json()
    assert listed == {"items": [saved], "total": 1, "page": 1, "size": 10, "pages": 1}
    path = f"/v1/workflows/{saved['id']}"
    assert api.get(path, headers=headers).json() == saved
    assert api.delete(path, headers=headers).json() == saved
    refused(api.get(path, headers=headers), 404)


def test_nx_27_nx_31_nx_34_reading_needs_any_key_and_writing_the_permission(keyway):
    api, reader = product(keyway), key(keyway, ["flows_run"])
    assert api.get("/v1/workflows", headers=reader).status_code == 200
    assert api.get("/v1/nodes", headers=reader).json() == []
    refused(api.post("/v1/workflows", json=DRAFT, headers=reader), 403)
    saved = api.post("/v1/workflows", json=DRAFT, headers=key(keyway)).json()
    path = f"/v1/workflows/{saved['id']}"
    assert api.get(path, headers=reader).json() == saved
    refused(api.delete(path, headers=reader), 403)


def test_nx_30_another_workspaces_workflow_is_403_and_an_unknown_one_404(keyway):
    api = product(keyway)
    alpha, beta = key(keyway), key(keyway, project="beta")
    path = f"/v1/workflows/{api.post('/v1/workflows', json=DRAFT, headers=alpha).json()['id']}"
    refused(api.get(path, headers=beta), 403)
    refused(api.delete(path, headers=beta), 403)
    refused(api.get(f"{path}0", headers=beta), 404)
    assert api.get("/v1/workflows", headers=beta).json()["items"] == []
    elsewhere = MockKey(permissions=EDITOR, project="alpha", organization="org_other")
    refused(api.get(path, headers={"x-api-key": keyway.issue(elsewhere)}), 403)


def test_nx_25_a_key_that_is_wrong_in_any_way_is_401(keyway):
    api, headers = product(keyway), key(keyway)
    assert api.get("/v1/workflows", headers=headers).status_code == 200
    keyway.revoke(headers["x-api-key"])
    refused(api.get("/v1/workflows", headers=headers), 401)
    for wrong in [{}, {"x-api-key": "noxus_short"}, {"authorization": "Bearer x"}]:
        refused(api.get("/v1/workflows", headers=wrong), 401)
        refused(api.get("/v1/admin/me", headers=wrong), 401)


@pytest.mark.parametrize("permissions", [EDITOR, ["flows_run"]])
def test_nx_25_at_an_app_of_one_workspace_another_ones_key_is_401(keyway, permissions):
    api, beta = product(keyway, pinned="alpha"), key(keyway, permissions, "beta")
    for path in ["/v1/workflows", "/v1/nodes", "/v1/admin/me"]:
        assert "another workspace" in refused(api.get(path, headers=beta), 401)
    refused(api.post("/v1/workflows", json=DRAFT, headers=beta), 401)
    alpha = key(keyway)
    assert api.post("/v1/workflows", json=DRAFT, headers=alpha).status_code == 200


def test_a_key_says_what_it_is_and_not_the_key(keyway):
    headers = key(keyway)
    me = product(keyway).get("/v1/admin/me", headers=headers).json()
    assert me["permissions"] == sorted(EDITOR) and me["tenant_admin"] is False
    assert me["value"] == f"{headers['x-api-key'][:10]}…"


def test_nx_33_only_a_key_of_no_workspace_is_the_tenants(keyway):
    for project, is_admin in [(None, True), ("alpha", False)]:
        headers = key(keyway, ["tenant:admin", "users:read"], project)
        me = product(keyway).get("/v1/admin/me", headers=headers).json()
        assert (me["tenant_admin"], me["permissions"]) == (is_admin, ["users:read"])
    refused(product(keyway).get("/v1/workflows", headers=key(keyway, ["tenant:admin", "users:read"], None)), 403)


def test_what_cannot_be_decided_is_503_and_never_401(keyway):
    api, headers = product(keyway), key(keyway)
    keyway.go_down()
    answer = api.get("/v1/workflows", headers=headers)
    refused(answer, 503)
    assert answer.headers["retry-after"] == "1"
    refused(api.get("/v1/admin/groups", headers=headers), 503)


def test_administration_is_handed_on_as_it_came(keyway):
    seen = []

    def answer(request):
        seen.append((request.method, str(request.url), request.content, dict(request.headers)))
        return httpx.Response(403, json={"detail": "no"}, headers={"server": "x"})

    api, headers = product(keyway, handler=answer), key(keyway)
    answered = api.post("/v1/admin/groups?a=b", json={"name": "x"}, headers=headers)
    assert refused(answered, 403) == "no"
    [(method, url, body, sent)] = seen
    assert (method, url, body) == ("POST", "http://keyway/v1/admin/groups?a=b", b'{"name":"x"}')
    assert sent["x-api-key"] == headers["x-api-key"] and "cookie" not in sent
