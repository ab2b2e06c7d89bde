"""The real binary, on a port and with data of its own; or any server, for what goes wrong."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

READY_SECONDS_MAX = 20
VECTORS = Path(__file__).parent / "../../../tests/vectors"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def vectors(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())
    return rows


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Server:
    url: str
    token: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    binary = os.environ.get("KEYWAY_BINARY")
    assert binary, "KEYWAY_BINARY names the program under test; script/sdk-tests sets it"
    address, token = f"127.0.0.1:{free_port()}", f"kw_mgmt_{secrets.token_hex(24)}"
    data = tmp_path_factory.mktemp("keyway") / "data"
    process = subprocess.Popen(
        [binary, "serve", "--listen", address, "--data-dir", str(data)],
        env={"PATH": "/usr/bin:/bin", "KEYWAY_ROOT_KEY": token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(f"http://{address}/readyz", process)
        yield Server(f"http://{address}", token)
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.025)
    raise AssertionError(f"nothing answers at {url}")


@dataclass(frozen=True)
class Step:
    """What an acted server does with one request; status 0 cuts the connection, -1 is silent."""

    status: int
    body: object = None
    retry_after: str | None = None


CUT, SILENT = Step(0), Step(-1)


@dataclass
class Acted:
    """A server that goes through steps, the last one again and again; and who called it."""

    url: str
    steps: list[Step]
    seen: list[tuple[str, dict[str, str], bytes]]


@pytest.fixture
def acting() -> Iterator[Callable[..., Acted]]:
    servers: list[ThreadingHTTPServer] = []

    def act(*steps: Step) -> Acted:
        acted = Acted("", list(steps), [])
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), _actor(acted)))
        acted.url = f"http://127.0.0.1:{servers[-1].server_port}"
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return acted

    yield act
    for it in servers:
        it.shutdown()
        it.server_close()


def _actor(acted: Acted) -> type[BaseHTTPRequestHandler]:
    class Actor(BaseHTTPRequestHandler):
        def act(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            step = acted.steps[min(len(acted.seen), len(acted.steps) - 1)]
            headers = {name.lower(): value for name, value in self.headers.items()}
            acted.seen.append((self.path, headers, body))
            if step is SILENT:
                time.sleep(1)
            if step in (CUT, SILENT):
                self.close_connection = True
                return
            self.send_response(step.status)
            if step.retry_after is not None:
                self.send_header("retry-after", step.retry_after)
            content = json.dumps(step.body).encode()
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = act

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Actor


def problem(status: int, code: str, retry_after: str | None = None) -> Step:
    body = {"type": "", "title": "Title", "status": status, "code": code}
    return Step(status, body, retry_after)
