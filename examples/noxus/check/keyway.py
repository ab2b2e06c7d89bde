"""Keyway, as the product's backend and its people use it: organizations, people, and keys."""

import itertools
import os
from dataclasses import dataclass, field

import httpx

URL = os.environ["KEYWAY_URL"]
ROOT = httpx.Client(
    base_url=URL, headers={"authorization": f"Bearer {os.environ['KEYWAY_TOKEN']}"}
)
NUMBERS = itertools.count(1)


def made(path, fields, by=ROOT):
    answer = by.post(path, json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


@dataclass
class Person:
    """Somebody who is signed in at the dashboard."""

    id: str
    browser: httpx.Client

    def key(self, workspace, **fields):
        fields = {"name": "ci", "project": workspace, **fields}
        return made("/v1/keys", fields, self.browser)

    def revoke(self, key):
        answer = self.browser.post(f"/v1/keys/{key['key']['id']}/revoke", json={})
        assert answer.status_code == 200, answer.text

    def becomes(self, **roles):
        """Their roles in workspaces are these and no others."""
        path = f"/v1/members/{self.id}"
        tag = ROOT.get(path).headers["etag"]
        answer = ROOT.patch(path, json={"project_roles": roles}, headers={"if-match": tag})
        assert answer.status_code == 200, answer.text

    def leaves(self):
        assert ROOT.delete(f"/v1/members/{self.id}").status_code == 200


@dataclass
class Tenant:
    workspaces: tuple = ("alpha", "beta")
    id: str = field(init=False)

    def __post_init__(self):
        name = f"tenant-{next(NUMBERS)}"
        self.id = made("/v1/organizations", {"name": name})["id"]
        for it in self.workspaces:
            made("/v1/projects", {"organization": self.id, "id": it, "name": it.title()})

    def person(self, role="org_base", **roles):
        fields = {
            "organization": self.id,
            "email": f"person-{next(NUMBERS)}@example.com",
            "name": "Ann",
            "role": role,
            "project_roles": roles,
        }
        id = made("/v1/members", fields)["id"]
        return Person(id, self._signed_in(id))

    def _signed_in(self, member):
        link = made("/v1/sign-in-links", {"member": member})["url"]
        answer = httpx.post(link, headers={"origin": URL}, data={"name": "Ann"})
        assert answer.status_code == 303, answer.text
        # Kept by hand: the cookie is for https, and this is one machine's own http.
        cookie = answer.headers["set-cookie"].split(";")[0]
        return httpx.Client(base_url=URL, headers={"cookie": cookie, "origin": URL})

    def administrators_key(self):
        """The tenant's first one comes from the operator."""
        grants = [{"permissions": ["org:admin", "tenant:admin", "users:read"], "resource": "*"}]
        fields = {"organization": self.id, "name": "root", "managed_by": "system"}
        return made("/v1/keys", {**fields, "grants": grants})["secret"]
