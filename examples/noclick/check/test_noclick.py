"""noclick, unmodified, against the example. Names begin with what they prove."""

import asyncio
import http.client
import json
import os
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

import socketio
from noclick import Client

CUT_WITHIN_SECONDS = 1.0
KEYWAY_URL, PRODUCT_URL = os.environ["KEYWAY_URL"], os.environ["PRODUCT_URL"]


def call(url, method, body=None, **headers):
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def keyway(method, path, body=None):
    """A call to Keyway, as the product's own backend makes it."""
    return call(KEYWAY_URL + path, method, body, Authorization=f"Bearer {os.environ['KEYWAY_TOKEN']}")


def backoffice(method, path, body=None):
    """What the product's own staff does."""
    staff = f"Bearer {os.environ['BACKOFFICE_TOKEN']}"
    return call(f"{PRODUCT_URL}/backoffice{path}", method, body, Authorization=staff)


class Person:
    """Somebody who is signed in, as their browser calls."""

    def __init__(self, account, name="ada"):
        member = {"organization": account, "email": f"{name}@example.com", "name": name, "role": "owner"}
        self.id = keyway("POST", "/v1/members", member)["id"]
        link = keyway("POST", "/v1/sign-in-links", {"member": self.id})["url"]
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(KEYWAY_URL).netloc)
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": KEYWAY_URL}
        connection.request("POST", link.removeprefix(KEYWAY_URL), "", form)
        cookie = connection.getresponse().getheader("Set-Cookie").partition(";")[0]
        connection.close()
        self.headers = {"Cookie": cookie, "Origin": KEYWAY_URL}

    def call(self, method, path, body=None):
        return call(KEYWAY_URL + path, method, body, **self.headers)


class NoClickTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.account = keyway("POST", "/v1/organizations", {"name": "Account"})["id"]
        keyway("POST", "/v1/projects", {"organization": cls.account, "id": "default", "name": "Default"})
        for workflow in ["wf1", "wf2"]:
            backoffice("PUT", f"/{cls.account}/workflows/{workflow}", {"name": f"Workflow {workflow}"})

    def key(self, permissions=("read", "execute", "write"), workflow=None, **fields):
        resource = f"project/default/workflow/{workflow}" if workflow else "*"
        grants = [{"permissions": list(permissions), "resource": resource}]
        named = {"organization": self.account, "name": "Python", "grants": grants, **fields}
        return keyway("POST", "/v1/keys", named)

    async def client(self, secret, workflow="wf1"):
        client = Client(api_key=secret, url=PRODUCT_URL, workflow_id=workflow, timeout=3)
        await client.connect()
        self.addAsyncCleanup(client.disconnect)
        return client

    async def refused(self, secret):
        with self.assertRaises(socketio.exceptions.ConnectionError) as raised:
            await self.client(secret)
        self.assertEqual(str(raised.exception), "One or more namespaces failed to connect: /")

    async def cut(self, client, since):
        """Waits until the server closes the namespace."""
        while client._sio.connected and time.monotonic() < since + 3 * CUT_WITHIN_SECONDS:
            await asyncio.sleep(0.01)
        self.assertLess(time.monotonic() - since, CUT_WITHIN_SECONDS)
        with self.assertRaises(socketio.exceptions.BadNamespaceError) as raised:
            await client.workflow.get_info()
        self.assertEqual(str(raised.exception), "/ is not a connected namespace.")

    async def test_nc_1_nc_27_a_key_opens_a_connection_and_reads_a_workflow(self):
        client = await self.client(self.key()["secret"])
        info = await client.workflow.get_info()
        self.assertEqual(info, {"id": "wf1", "name": "Workflow wf1", "node_count": 1})
        output = await client.nodes.get_output("hello")
        self.assertEqual(output["text"], "hello from Workflow wf1")
        await client.state.set("k", 1)
        self.assertEqual((await client.state.get("k"), await client.state.keys()), (1, ["k"]))
        await client.state.delete("k")
        self.assertEqual(await client.state.keys(), [])

    async def test_nc_11_a_key_that_reads_neither_writes_nor_executes(self):
        secret = self.key(["read"])["secret"]
        client = await self.client(secret)
        before = (await client.nodes.get_output("hello"))["runs"]
        began = time.monotonic()
        with self.assertRaises(Exception) as raised:
            await client.state.set("k", 1)
        self.assertIs(type(raised.exception), Exception)
        self.assertIn("insufficient_permissions", str(raised.exception))
        self.assertLess(time.monotonic() - began, 1)
        with self.assertRaises(Exception) as raised:
            await client.send_event("workflow:execute", {"workflow_id": "wf1"})
        self.assertIs(type(raised.exception), Exception)
        self.assertIsNone(await client.execution.run_nodes_in_background(["hello"]))
        with self.assertRaises(TimeoutError):
            await client.execution.run_nodes_and_get_output(["hello"], ["hello"], timeout=1)
        self.assertEqual((await client.nodes.get_output("hello"))["runs"], before)

    async def test_nc_13_a_key_that_executes_runs_a_workflow(self):
        client = await self.client(self.key(["execute"])["secret"])
        outputs = await client.execution.run_nodes_and_get_output(["hello"], ["hello"], timeout=3)
        self.assertIn("hello from Workflow wf1", str(outputs))

    async def test_nc_18_an_event_that_is_not_listed_is_denied(self):
        client = await self.client(self.key()["secret"])
        for event in ["yjs:sync", "workflow:nothing"]:
            with self.assertRaises(Exception) as raised:
                await client.send_event(event, {"workflow_id": "wf1"})
            self.assertIn("unknown event", str(raised.exception))

    async def test_nc_19_nc_21_a_key_for_one_workflow_reaches_no_other_and_must_name_it(self):
        secret = self.key(workflow="wf1")["secret"]
        own = await self.client(secret)
        self.assertEqual((await own.workflow.get_info())["id"], "wf1")
        for workflow in ["wf2", None]:
            client = await self.client(secret, workflow)
            with self.assertRaises(Exception) as raised:
                await client.workflow.get_info()
            self.assertIn("out_of_scope", str(raised.exception))
            self.assertIsInstance(await client.auth.list_credentials(), list)
        for data in [{"resource_id": "table-of-wf2"}, {"workflow_id": "wf1", "resource_id": "table-of-wf2"}]:
            with self.assertRaises(Exception) as raised:
                await own.send_event("resource:get", data)
            self.assertIn("out_of_scope", str(raised.exception))

    async def test_nc_36_unknown_malformed_revoked_and_expired_keys_open_nothing(self):
        revoked = self.key()
        keyway("POST", f"/v1/keys/{revoked['key']['id']}/revoke", {})
        end = datetime.now(UTC) + timedelta(seconds=1)
        expired = self.key(expires_at=end.isoformat())
        await asyncio.sleep(1.1)
        for secret in [revoked["secret"], expired["secret"], f"nk_live_{'0' * 64}", "nk_live_x", "", "x" * 900_000]:
            await self.refused(secret)

    async def test_nc_37_a_revoked_key_cuts_its_open_connection_within_a_second(self):
        made = self.key()
        client, other = await self.client(made["secret"]), await self.client(self.key()["secret"])
        await client.workflow.get_info()
        keyway("POST", f"/v1/keys/{made['key']['id']}/revoke", {})
        await self.cut(client, time.monotonic())
        await self.refused(made["secret"])
        await asyncio.sleep(1.5)
        self.assertFalse(client._sio.connected)
        self.assertEqual((await other.workflow.get_info())["id"], "wf1")

    async def test_nc_37_a_call_in_flight_is_answered_with_an_error_when_its_key_ends(self):
        made = self.key()
        client = await self.client(made["secret"])
        asking = asyncio.create_task(client.send_event("workflow:execute", {"workflow_id": "wf1"}))
        await asyncio.sleep(0.1)
        self.assertFalse(asking.done())
        await asyncio.to_thread(keyway, "POST", f"/v1/keys/{made['key']['id']}/revoke", {})
        since = time.monotonic()
        with self.assertRaises(Exception) as raised:
            await asking
        self.assertEqual((type(raised.exception), str(raised.exception)), (Exception, "the key has ended"))
        self.assertLess(time.monotonic() - since, 0.25)
        await self.cut(client, since)

    async def test_nc_37_no_call_after_the_revoke_succeeds_or_goes_unanswered(self):
        made = self.key()
        client = await self.client(made["secret"])
        outcomes = []

        async def ask_until_it_fails():
            while True:
                began = time.monotonic()
                try:
                    await client.workflow.get_info()
                    outcomes.append((began, None))
                except Exception as error:
                    outcomes.append((began, type(error)))
                    return

        asking = [asyncio.create_task(ask_until_it_fails()) for _ in range(5)]
        await asyncio.sleep(0.2)
        await asyncio.to_thread(keyway, "POST", f"/v1/keys/{made['key']['id']}/revoke", {})
        returned_at = time.monotonic()
        await asyncio.wait_for(asyncio.gather(*asking), timeout=5)
        self.assertIn(None, {outcome for _, outcome in outcomes})
        self.assertNotIn(None, {outcome for began, outcome in outcomes if began > returned_at})
        self.assertEqual({outcome for _, outcome in outcomes} - {None}, {Exception})

    async def test_nc_37_an_expiry_that_passes_cuts_the_connection(self):
        end = datetime.now(UTC) + timedelta(seconds=2)
        client = await self.client(self.key(expires_at=end.isoformat())["secret"])
        await client.workflow.get_info()
        await asyncio.sleep((end - datetime.now(UTC)).total_seconds())
        await self.cut(client, time.monotonic())

    async def test_nc_22_nc_24_publishing_makes_a_key_for_the_workflow_and_unpublishing_ends_it(self):
        path = f"/{self.account}/workflows/wf1/published"
        published = backoffice("POST", path)
        key = keyway("GET", f"/v1/keys/{published['key_id']}")
        self.assertEqual((key["managed_by"], key["grants"][0]["resource"]), ("publish", "project/default/workflow/wf1"))
        client = await self.client(published["raw_key"])
        self.assertEqual((await client.workflow.get_info())["id"], "wf1")
        backoffice("DELETE", path)
        await self.cut(client, time.monotonic())
        await self.refused(published["raw_key"])

    async def test_nc_37_a_suspended_account_cuts_its_connections(self):
        account = keyway("POST", "/v1/organizations", {"name": "Suspended"})["id"]
        grants = [{"permissions": ["read"], "resource": "*"}]
        made = keyway("POST", "/v1/keys", {"organization": account, "name": "Python", "grants": grants})
        client = await self.client(made["secret"])
        keyway("POST", f"/v1/organizations/{account}/suspend", {})
        await self.cut(client, time.monotonic())

    def refuses(self, status, *arguments, **headers):
        with self.assertRaises(urllib.error.HTTPError) as raised:
            call(*arguments, **headers)
        with raised.exception as answer:
            self.assertEqual(answer.code, status)
            return json.load(answer)

    async def test_nc_29_nc_30_nc_31_nc_32_nc_33_a_person_makes_lists_and_revokes_keys_by_cookie(self):
        ada = Person(self.account)
        made = ada.call("POST", "/api/keys", {"name": "Dashboard", "workflow_id": "wf1", "permissions": ["read"]})
        client = await self.client(made["raw_key"])
        self.assertEqual((await client.workflow.get_info())["id"], "wf1")
        [listed] = ada.call("GET", "/api/keys")
        self.assertEqual((listed["key_prefix"], listed["revoked_at"]), (made["raw_key"][:12], None))
        url = f"{KEYWAY_URL}/api/keys/{made['id']}"
        bearer = {"Authorization": f"Bearer {made['raw_key']}"}
        for method, address in [("GET", f"{KEYWAY_URL}/api/keys"), ("DELETE", url)]:
            self.assertEqual(list(self.refuses(401, address, method, **bearer)), ["detail"])
        self.assertEqual(ada.call("DELETE", f"/api/keys/{made['id']}"), {"success": True})
        await self.cut(client, time.monotonic())
        self.assertEqual(list(self.refuses(404, url, "DELETE", **ada.headers)), ["detail"])

    async def test_nc_2_nc_37_a_removed_owner_cuts_the_connections_of_their_keys(self):
        account = keyway("POST", "/v1/organizations", {"name": "Two owners"})["id"]
        ada, other = Person(account), Person(account, "bob")
        client, stays = [
            await self.client(it.call("POST", "/api/keys", {"name": "Dashboard"})["raw_key"]) for it in (ada, other)
        ]
        keyway("DELETE", f"/v1/members/{ada.id}")
        await self.cut(client, time.monotonic())
        self.assertEqual(await stays.auth.list_credentials(), [])

    def test_only_staff_publishes(self):
        address = f"{PRODUCT_URL}/backoffice/{self.account}/workflows/wf1/published"
        self.refuses(401, address, "POST", Authorization="Bearer x")
