"""Every piece of code of README.md, type-checked and run as a program of its own."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from keyway_sdk import Keyway
from keyway_sdk.testing import make_test_key

from .conftest import Server

README = Path(__file__).parent / "../README.md"
GUARDED = {
    "guard-fastapi-routes": ("/projects/alpha", '{"project":"alpha","key":"Reader"}'),
    "guard-a-whole-asgi-app": ("/", "hello Reader"),
}
RUN = [
    "verify-by-hand",
    "manage-keys",
    "name-what-keys-reach",
    "watch-a-key",
    "await-it",
    "test-your-own-code",
]


def pieces() -> dict[str, str]:
    found = {}
    for section in re.split(r"^## ", README.read_text(), flags=re.MULTILINE)[1:]:
        name = section.split("\n", 1)[0].lower().replace(" ", "-")
        codes: list[str] = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
        assert len(codes) <= 1, f"{name}: one piece of code per section"
        if codes:
            found[name] = codes[0]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    for name, code in pieces().items():
        (folder / f"{name.replace('-', '_')}.py").write_text(code)
    return folder


@pytest.fixture(scope="module")
def secrets(server: Server) -> Iterator[dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch, Keyway(server.url, server.token) as keyway:
        patch.setenv("KEYWAY_URL", server.url)
        patch.setenv("KEYWAY_TOKEN", server.token)
        organization = keyway.organizations.create(name="Own")["id"]
        reader = keyway.keys.create(
            organization=organization,
            name="Reader",
            grants=[{"permissions": ["read"], "resource": "*"}],
        )
        nobody = keyway.keys.create(organization=organization, name="Nobody")
        yield {"reader": reader["secret"], "nobody": nobody["secret"]}


def output(folder: Path, name: str, *words: str) -> str:
    program = [sys.executable, str(folder / f"{name.replace('-', '_')}.py"), *words]
    return subprocess.run(program, env=os.environ, check=True, capture_output=True, text=True).stdout


def test_no_piece_of_code_is_left_out() -> None:
    assert sorted(pieces()) == sorted([*GUARDED, *RUN])


def test_every_piece_is_typed(folder: Path) -> None:
    cache = README.parent / ".mypy_cache"
    words = ["--strict", "--python-version", "3.10", "--cache-dir", str(cache), str(folder)]
    subprocess.run([sys.executable, "-m", "mypy", *words], cwd=folder, check=True)


@pytest.mark.anyio
@pytest.mark.parametrize("name", GUARDED)
async def test_a_guard(name: str, folder: Path, secrets: dict[str, str]) -> None:
    path, body = GUARDED[name]
    it: dict[str, Any] = runpy.run_path(str(folder / f"{name.replace('-', '_')}.py"))
    transport = httpx.ASGITransport(app=it["app"])
    client = httpx.AsyncClient(transport=transport, base_url="http://product.test")
    async with it["keyway"], client:

        async def call(secret: str | None) -> httpx.Response:
            headers = {"authorization": f"Bearer {secret}"} if secret else {}
            return await client.get(path, headers=headers)

        allowed = await call(secrets["reader"])
        assert (allowed.status_code, allowed.text) == (200, body)
        assert (await call(secrets["nobody"])).status_code == 403
        for secret in (make_test_key(), None):
            answer = await call(secret)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


def test_verify_by_hand(folder: Path, secrets: dict[str, str]) -> None:
    assert output(folder, "verify-by-hand", secrets["reader"]).startswith("Reader of org_")
    assert output(folder, "verify-by-hand", secrets["nobody"]) == "missing: read\n"
    assert output(folder, "verify-by-hand", make_test_key()) == "401 api_key_invalid\n"


def test_manage_keys(folder: Path, secrets: dict[str, str]) -> None:
    lines = output(folder, "manage-keys").splitlines()
    assert lines == ["shown once, 67 characters", "CI deploy: active"]


def test_name_what_keys_reach(folder: Path, secrets: dict[str, str]) -> None:
    with Keyway() as keyway:
        organization = keyway.organizations.create(name="Named")["id"]
        keyway.projects.create(organization=organization, id="alpha", name="Alpha")
    told = output(folder, "name-what-keys-reach", organization, "alpha")
    assert told == "project/alpha/flow/hello: Say hello\n"


def test_watch_a_key(folder: Path, secrets: dict[str, str]) -> None:
    with Keyway() as keyway:
        organization = keyway.verify(secrets["reader"])["organization"]
        issued = keyway.keys.create(organization=organization, name="Watched")
        key = issued["key"]
        words = [sys.executable, str(folder / "watch_a_key.py"), issued["secret"]]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            assert child.stdout.readline() == "watching\n"
            keyway.keys.update(key["id"], name="Renamed", version=key["version"])
            assert child.stdout.readline() == "key.updated\n"
            keyway.keys.revoke(key["id"])
            assert child.stdout.read() == "close its socket: api_key_revoked\n"


def test_await_it(folder: Path, secrets: dict[str, str]) -> None:
    assert {"Reader", "Nobody"} <= set(output(folder, "await-it").splitlines())


def test_test_your_own_code(folder: Path) -> None:
    assert output(folder, "test-your-own-code") == ""
