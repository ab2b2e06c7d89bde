"""noukai-sdk, unmodified, against the example. Names begin with what they prove."""

import json
import os
import time
import unittest
import urllib.request
from datetime import UTC, datetime, timedelta

from noukai_sdk import AuthenticationError, FlowNotFoundError, Noukai, PermissionDeniedError


def keyway(path, body=None):
    """One POST to Keyway, as the product's own backend makes it."""
    request = urllib.request.Request(
        os.environ["KEYWAY_URL"] + path,
        data=json.dumps(body or {}).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['KEYWAY_TOKEN']}",
            "Content-Type": "application/json",
        },
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class NoukaiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        fields = {"name": "initech", "external_id": "initech"}
        cls.organization = keyway("/v1/organizations", fields)["id"]
        for project in ["alpha", "beta"]:
            fields = {"organization": cls.organization, "id": project, "name": project}
            keyway("/v1/projects", fields)

    def key(self, project="alpha", **fields):
        named = {"organization": self.organization, "project": project, "name": "Python", **fields}
        return keyway("/v1/keys", named)

    def run_flow(self, secret, name="initech/alpha/hello"):
        with Noukai(api_key=secret) as client:
            return client.flow(name).execute(message="hi")

    def refused(self, kind, status, code, secret, name="initech/alpha/hello"):
        with self.assertRaises(kind) as raised:
            self.run_flow(secret, name)
        self.assertEqual((raised.exception.status_code, raised.exception.code), (status, code))
        return raised.exception

    def test_nk_22_a_key_runs_a_flow_of_its_project(self):
        result = self.run_flow(self.key()["secret"])
        self.assertEqual(result.result, {"text": "hello, hi"})

    def test_nk_2_a_key_runs_a_flow_in_the_background(self):
        with Noukai(api_key=self.key()["secret"]) as client:
            job = client.flow("initech/alpha/hello").execute_async(message="hi")
            self.assertEqual(job.poll().status, "completed")

    def test_nk_35_a_flow_of_another_project_is_forbidden(self):
        secret = self.key()["secret"]
        for name in ["initech/beta/hello", "acme/alpha/hello"]:
            self.refused(PermissionDeniedError, 403, "PROJECT_FORBIDDEN", secret, name)

    def test_nk_37_a_flow_that_is_not_in_the_own_project_is_not_found(self):
        secret = self.key()["secret"]
        self.refused(FlowNotFoundError, 404, "FLOW_NOT_FOUND", secret, "initech/alpha/nothing")

    def test_nk_13_an_unknown_key_is_invalid_and_says_how_to_sign_in(self):
        unknown = f"nk_live_{'A' * 8}_{'B' * 32}"
        error = self.refused(AuthenticationError, 401, "API_KEY_INVALID", unknown)
        self.assertIn('error="invalid_token"', error.www_authenticate)

    def test_nk_27_a_revoked_key_is_refused_at_the_very_next_request(self):
        made = self.key()
        self.run_flow(made["secret"])
        keyway(f"/v1/keys/{made['key']['id']}/revoke")
        self.refused(AuthenticationError, 401, "API_KEY_REVOKED", made["secret"])

    def test_nk_28_an_expired_key_is_refused(self):
        end = datetime.now(UTC) + timedelta(seconds=1)
        made = self.key(expires_at=end.isoformat())
        time.sleep(1.1)
        self.refused(AuthenticationError, 401, "API_KEY_EXPIRED", made["secret"])

    def test_a_key_of_another_shape_is_refused_by_the_client(self):
        with self.assertRaises(AuthenticationError):
            Noukai(api_key="sk_x")
