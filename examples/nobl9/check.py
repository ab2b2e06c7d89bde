"""What the vendor's client sends, and what it must see: the same requests, without its code."""
import base64
import json
import os
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

KEYWAY, PRODUCT = os.environ["KEYWAY_URL"], os.environ["PRODUCT_URL"]
OPERATOR = {"authorization": f"Bearer {os.environ['KEYWAY_TOKEN']}", "content-type": "application/json"}
LOG = Path(os.environ["PRODUCT_LOG"])
VIEWER = [{"role": "project-viewer", "resource": "project/default"}]
EDITOR = [{"role": "project-editor", "resource": "project/default"}]


def call(method, url, headers=None, body=None):
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def manage(method, path, body=None):
    status, answer = call(method, f"{KEYWAY}{path}", OPERATOR, json.dumps(body or {}).encode())
    assert status < 300, (status, answer)
    return answer


def make_key(name="a key", **fields):
    made = manage("POST", "/v1/keys", {"organization": ORGANIZATION, "name": name, **fields})
    return {"id": made["key"]["id"], "secret": made["secret"]}


def exchange(key):
    pair = base64.b64encode(f"{key['id']}:{key['secret']}".encode()).decode()
    form = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Basic {pair}"}
    return call("POST", f"{KEYWAY}/oauth2/default/v1/token", form, b"grant_type=client_credentials&scope=m2m")


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def client_of(key):
    """What the client takes from a token before its first request, and sends from then on."""
    status, issued = exchange(key)
    assert status == 200, issued
    claims = claims_of(issued["access_token"])
    assert claims["iss"] == f"{KEYWAY}/oauth2/default" and claims["cid"] == key["id"]
    assert claims["exp"] > time.time() + 120
    assert ("m2mProfile" in claims) != ("agentProfile" in claims)
    return {
        "authorization": f"Bearer {issued['access_token']}",
        "organization": claims["m2mProfile"]["organization"],
        "user-agent": "check",
    }


def get(client, kind, project="default"):
    return call("GET", f"{PRODUCT}/api/get/{kind}", client | {"project": project})


def apply(client, manifest):
    body = json.dumps([manifest]).encode()
    headers = client | {"project": "default", "content-type": "application/json"}
    return call("PUT", f"{PRODUCT}/api/apply?dry_run=false", headers, body)


def manifest(kind, name, project="default"):
    return {"apiVersion": "n9/v1alpha", "kind": kind, "metadata": {"name": name, "project": project}, "spec": {}}


def names(answer):
    status, found = answer
    assert status == 200, answer
    return [it["metadata"]["name"] for it in found]


def titles(errors):
    return [set(it) <= {"title", "code"} and bool(it["title"]) for it in errors["errors"]]


class TestClient(unittest.TestCase):
    def assert_refused(self, answer, status):
        self.assertEqual(answer[0], status, answer)
        self.assertEqual(titles(answer[1]), [True])

    def test_n9_2_n9_38_a_program_reads_with_a_viewers_key(self):
        client = client_of(make_key(grants=VIEWER))
        self.assertEqual(names(get(client, "project")), ["default"])
        self.assertIn("default-shop", names(get(client, "service")))
        self.assertIn("default-latency", names(get(client, "slo")))

    def test_another_project_and_another_organization_are_403(self):
        client = client_of(make_key(grants=VIEWER))
        self.assert_refused(get(client, "service", "other"), 403)
        self.assert_refused(get(client | {"organization": "another"}, "service"), 403)

    def test_n9_11_a_new_key_resolves_its_organization_and_reaches_nothing(self):
        client = client_of(make_key())
        self.assertEqual(client["organization"], ORGANIZATION)
        self.assert_refused(get(client, "project"), 403)

    def test_a_viewer_writes_nothing(self):
        client = client_of(make_key(grants=VIEWER))
        self.assert_refused(apply(client, manifest("Service", "never")), 403)
        self.assertNotIn("never", names(get(client, "service")))

    def test_n9_27_a_key_that_does_not_stand_is_not_exchanged(self):
        key = make_key()
        wrong = key | {"secret": "x" * 64}
        off, gone = make_key(), make_key()
        manage("POST", f"/v1/keys/{off['id']}/deactivate")
        manage("DELETE", f"/v1/keys/{gone['id']}")
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        expired = make_key(expires_at=soon)
        time.sleep(2.1)
        for refused in (wrong, off, gone, expired):
            status, answer = exchange(refused)
            self.assertEqual((status, answer["error"]), (401, "invalid_client"))
            self.assertTrue(answer["error_description"])

    def test_n9_28_an_issued_token_stops_with_its_key_and_comes_back_with_it(self):
        key = make_key(grants=VIEWER)
        client = client_of(key)
        names(get(client, "slo"))
        manage("POST", f"/v1/keys/{key['id']}/deactivate")
        self.assert_refused(get(client, "slo"), 401)
        manage("POST", f"/v1/keys/{key['id']}/activate")
        names(get(client, "slo"))
        manage("DELETE", f"/v1/keys/{key['id']}")
        self.assert_refused(get(client, "slo"), 401)

    def test_n9_29_a_role_that_changes_counts_for_an_issued_token(self):
        key = make_key(grants=VIEWER)
        client = client_of(key)
        manage("PATCH", f"/v1/keys/{key['id']}", {"grants": EDITOR})
        self.assertEqual(apply(client, manifest("Service", "by-editor"))[0], 200)
        manage("PATCH", f"/v1/keys/{key['id']}", {"grants": []})
        self.assert_refused(get(client, "service"), 403)

    def test_n9_21_n9_22_what_a_key_does_is_logged_with_its_name_of_that_time(self):
        key = make_key("Deploy pipeline", grants=EDITOR)
        client = client_of(key)
        for kind, name in (("SLO", "logged-slo"), ("Annotation", "logged-note")):
            self.assertEqual(apply(client, manifest(kind, name))[0], 200)
        body = json.dumps({"project": "default", "name": "logged-slo"}).encode()
        self.assertEqual(call("POST", f"{PRODUCT}/api/replay", client, body)[0], 200)
        manage("PATCH", f"/v1/keys/{key['id']}", {"name": "Renamed"})
        manage("DELETE", f"/v1/keys/{key['id']}")
        entries = [json.loads(line) for line in LOG.read_text().splitlines()]
        entries = [it for it in entries if it["key"] == key["id"]]
        self.assertEqual([it["action"] for it in entries], ["create", "annotate", "replay"])
        self.assertEqual({it["actor"] for it in entries}, {"Deploy pipeline (API key)"})

    def test_a_secret_or_a_forged_token_as_bearer_is_401(self):
        key = make_key(grants=VIEWER)
        client = client_of(key)
        token = client["authorization"].removeprefix("Bearer ")
        head, body, signature = token.split(".")
        other = claims_of(token) | {"sub": make_key(grants=EDITOR)["id"]}
        forged = base64.urlsafe_b64encode(json.dumps(other).encode()).decode().rstrip("=")
        for bearer in (key["secret"], f"{head}.{forged}.{signature}", f"{head}.{body}.", "a.b.c"):
            self.assert_refused(get(client | {"authorization": f"Bearer {bearer}"}, "slo"), 401)
        self.assert_refused(call("GET", f"{PRODUCT}/api/get/slo"), 401)

    def test_n9_40_the_client_cannot_use_a_key_in_its_last_two_minutes(self):
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        status, issued = exchange(make_key(expires_at=soon))
        self.assertEqual(status, 200)
        self.assertLess(claims_of(issued["access_token"])["exp"], time.time() + 120)

    def test_n9_39_the_second_exchange_has_its_pace(self):
        key = make_key(grants=VIEWER)
        pair = base64.b64encode(f"{key['id']}:{key['secret']}".encode()).decode()
        headers = {
            "authorization": f"Basic {pair}",
            "organization": ORGANIZATION,
            "accept": "application/json; version=v1alpha",
        }
        status, issued = call("POST", f"{KEYWAY}/api/accessToken", headers, b"")
        self.assertEqual((status, list(issued)), (200, ["access_token"]))
        status, answer = call("POST", f"{KEYWAY}/api/accessToken", headers, b"")
        self.assertEqual((status, titles(answer)), (429, [True]))


if __name__ == "__main__":
    ORGANIZATION = manage("POST", "/v1/organizations", {"name": "Acme"})["id"]
    for name in ("default", "other"):
        manage("POST", "/v1/projects", {"organization": ORGANIZATION, "id": name, "name": name})
    unittest.main(argv=[sys.argv[0]])
