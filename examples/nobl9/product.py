"""The product: projects, services and SLOs as manifests. Every call brings a token. Its signature is proved
here, with the published keys; what it may do is asked of Keyway, so that a token dies with its key.
"""
import json
import os
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tokens import InvalidToken, Verifier

KEYWAY_URL = os.environ["KEYWAY_URL"]
# Holds `keys.verify` and nothing else.
VERIFY_TOKEN = os.environ["KEYWAY_VERIFY_TOKEN"]
BODY_BYTES_MAX = 64 * 1024
READABLE = {"project": "Project", "service": "Service", "slo": "SLO"}
WRITTEN_AS = {"Service": "create", "SLO": "create", "Annotation": "annotate"}

verifier = Verifier(f"{KEYWAY_URL}/oauth2/default")
manifests = [
    {"apiVersion": "n9/v1alpha", "kind": kind, "metadata": {"name": name, "project": project}, "spec": {}}
    for project in ("default", "other")
    for kind, name in (("Project", project), ("Service", f"{project}-shop"), ("SLO", f"{project}-latency"))
]


class Refusal(Exception):
    def __init__(self, status, title, code=None):
        super().__init__(title)
        self.status = status
        self.error = {"title": title} | ({"code": code} if code else {})


class Product(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(self.read_manifests)

    def do_PUT(self):
        self.answer(self.apply_manifests)

    def do_POST(self):
        self.answer(self.replay)

    def answer(self, work):
        try:
            status, body = 200, work()
        except Refusal as refusal:
            status, body = refusal.status, {"errors": [refusal.error]}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def read_manifests(self):
        kind = READABLE.get(self.path.removeprefix("/api/get/").split("?")[0])
        if kind is None:
            raise Refusal(404, "There is nothing at this path")
        project = self.headers.get("project", "default")
        self.authorize(f"{kind.lower()}.read", project)
        return [it for it in manifests if it["kind"] == kind and it["metadata"]["project"] == project]

    def apply_manifests(self):
        if self.path.split("?")[0] != "/api/apply":
            raise Refusal(404, "There is nothing at this path")
        given = self.read_body()
        # All or nothing: every one is asked about before the first is written.
        actors = [self.authorize(f"{it['kind'].lower()}.write", it["metadata"]["project"]) for it in given]
        if "dry_run=true" not in self.path:
            manifests.extend(given)
            for it, actor in zip(given, actors):
                log(WRITTEN_AS[it["kind"]], it["metadata"]["name"], actor)
        return {}

    def replay(self):
        if self.path != "/api/replay":
            raise Refusal(404, "There is nothing at this path")
        slo = self.read_body()
        actor = self.authorize("replay.run", slo["project"])
        log("replay", slo["name"], actor)
        return {}

    def authorize(self, permission, project):
        """The key behind the token, if it may do this now. The headers only say what is meant."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refusal(401, "A token is needed")
        try:
            verifier.prove(token)
        except InvalidToken as fault:
            raise Refusal(401, str(fault)) from fault
        question = {"secret": token, "permissions": [permission], "resource": f"project/{project}"}
        if "organization" in self.headers:
            question["organization"] = self.headers["organization"]
        verdict = ask_keyway(question)
        if not verdict["valid"]:
            title = "The key is not valid" if verdict["http_status"] == 401 else "The key may not do this"
            raise Refusal(verdict["http_status"], title, verdict["code"])
        return verdict["key"]

    def read_body(self):
        length = int(self.headers.get("content-length", 0))
        if length > BODY_BYTES_MAX:
            raise Refusal(413, "The body is too large")
        try:
            body = json.loads(self.rfile.read(length))
            kinds = [it["kind"] for it in body] if isinstance(body, list) else []
        except (ValueError, TypeError, KeyError) as fault:
            raise Refusal(400, "The body cannot be read") from fault
        if any(kind not in WRITTEN_AS for kind in kinds):
            raise Refusal(400, "There is no such kind")
        return body

    def log_message(self, *_):
        pass


def ask_keyway(question):
    headers = {"authorization": f"Bearer {VERIFY_TOKEN}", "content-type": "application/json"}
    request = urllib.request.Request(f"{KEYWAY_URL}/v1/keys/verify", json.dumps(question).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as fault:
        # An organization that is none, or a project: nothing that the key could reach.
        if fault.code == 422:
            raise Refusal(403, "The key may not do this") from fault
        raise Refusal(503, "Keys cannot be looked at right now") from fault
    except OSError as fault:
        raise Refusal(503, "Keys cannot be looked at right now") from fault


def log(action, target, key):
    """Who did what. The key's id, and its name as it was then: a rename or a delete loses nobody."""
    entry = {"action": action, "target": target, "actor": f"{key['name']} (API key)", "key": key["id"]}
    print(json.dumps(entry, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Product)
    server.serve_forever()
