import os

import pytest
from noxus_sdk.client import Client

from .keyway import Tenant


@pytest.fixture(scope="session")
def tenant():
    return Tenant()


@pytest.fixture(scope="session")
def connect():
    """A client with this key; it calls the backend as soon as it is made."""

    def connect(secret, **options):
        return Client(secret, os.environ["NOXUS_BACKEND_URL"], **options)

    return connect
