"""Every sample is run as a user would run it. Names begin with what they prove."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent
SAMPLES = HERE / "samples"
#: Not even the ones that work are handed on to a sample by accident.
BARE = {it: value for it, value in os.environ.items() if not it.startswith(("NOXUS_", "KEYWAY_"))}


def run(name, folder, variables=None, arguments=(), told=""):
    return subprocess.run(
        [sys.executable, SAMPLES / name, *arguments],
        input=told, cwd=folder, env={**BARE, **(variables or {})},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture
def place(tenant, connect):
    """The variables of an editor, in whose workspace there is a workflow."""
    from .test_client import saves

    ann = tenant.person(alpha="editor")
    key = ann.key("alpha")
    saves(connect(key["secret"]), "Greeting")
    variables = {"NOXUS_API_KEY": key["secret"], "NOXUS_BACKEND_URL": os.environ["NOXUS_BACKEND_URL"]}
    return ann, key, variables


def lists(done, secret):
    assert done.returncode == 0, done.stderr
    assert "Greeting" in done.stdout.splitlines()
    assert secret not in done.stdout + done.stderr


def test_nx_12_direct(place, tmp_path):
    _, _, variables = place
    secret, url = variables.values()
    lists(run("direct.py", tmp_path, arguments=[url], told=f"{secret}\n"), secret)


@pytest.mark.parametrize("name", ["environment.py", "dotenv_file.py", "configuration.py", "settings.py"])
def test_nx_13_nx_15_nx_16_from_the_environment(place, tmp_path, name):
    _, key, variables = place
    lists(run(name, tmp_path, variables), key["secret"])


@pytest.mark.parametrize("name", ["dotenv_file.py", "settings.py"])
def test_nx_14_from_a_file_in_development(place, tmp_path, name):
    _, key, variables = place
    lines = [f"{it}={value}\n" for it, value in variables.items()]
    (tmp_path / ".env").write_text("".join(lines))
    lists(run(name, tmp_path), key["secret"])


def test_nx_15_a_missing_variable_is_told_when_the_application_starts(tmp_path):
    done = run("configuration.py", tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == "set NOXUS_API_KEY and NOXUS_BACKEND_URL"


def test_nx_17_errors_are_told_to_who_can_mend_them(place, tmp_path):
    ann, key, variables = place
    assert run("errors.py", tmp_path, variables).stdout == "saved\n"
    ann.becomes(alpha="reader")
    done = run("errors.py", tmp_path, variables)
    assert (done.returncode, done.stderr[:4]) == (3, "403:")
    ann.revoke(key)
    done = run("errors.py", tmp_path, variables)
    assert (done.returncode, done.stderr[:4]) == (2, "401:")
    # The port of nothing.
    done = run("errors.py", tmp_path, {**variables, "NOXUS_BACKEND_URL": "http://127.0.0.1:1"})
    assert (done.returncode, done.stderr) == (5, "no answer: ConnectError\n")


def test_nx_20_the_right_form_runs_and_no_file_here_holds_a_key(place, tmp_path):
    _, key, variables = place
    done = run("not_in_the_code.py", tmp_path, variables)
    assert done.stdout == f"{key['secret'][:10]}…\n", done.stderr
    wrong, right = (SAMPLES / "not_in_the_code.py").read_text().split("Right:")
    assert "Wrong" in wrong and 'api_key="noxus_' in wrong and "os.environ" in right
    for path in HERE.rglob("*.py"):
        if ".venv" not in path.parts:
            assert not re.search(r"noxus_[0-9A-Za-z]{40}", path.read_text()), path


def test_nx_19_tests_need_a_key_of_their_own_or_are_skipped(place):
    _, key, variables = place
    def tests(**more):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_live.py"]
        environment = {**BARE, "NOXUS_BACKEND_URL": variables["NOXUS_BACKEND_URL"], **more}
        return subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)

    assert "1 skipped" in tests().stdout
    # The application's own key is not taken for it.
    assert "1 skipped" in tests(NOXUS_API_KEY=key["secret"]).stdout
    assert "1 passed" in tests(NOXUS_TEST_API_KEY=key["secret"]).stdout
