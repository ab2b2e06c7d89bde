"""Against a running product, with a key made for tests: NOXUS_TEST_API_KEY, and NOXUS_BACKEND_URL.
Without that key these are skipped; no other is ever tried. Names begin with what they prove."""

import os

import pytest
from noxus_sdk.client import Client

SECRET = os.environ.get("NOXUS_TEST_API_KEY")
pytestmark = pytest.mark.skipif(not SECRET, reason="NOXUS_TEST_API_KEY is not set")


def test_nx_19_the_test_key_lets_in():
    client = Client(SECRET)
    assert client.admin.get_me().value.endswith("…")
    assert isinstance(client.workflows.list(), list)
