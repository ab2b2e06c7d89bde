"""What to do when a call fails: tell the one who can mend it, and never print the key."""

import sys

import httpx
from noxus_sdk.client import Client
from noxus_sdk.errors import ForbiddenError, NoxusApiError, UnauthorizedError
from noxus_sdk.workflows import WorkflowDefinition


def main() -> int:
    try:
        # The constructor calls the backend, so a bad key is told here already.
        client = Client.from_env()
        client.workflows.save(WorkflowDefinition(name="Greeting"))
    except UnauthorizedError:
        print("401: is NOXUS_API_KEY right, not revoked, and of this workspace?", file=sys.stderr)
        return 2
    except ForbiddenError:
        print("403: it needs another role in the workspace; ask its admin", file=sys.stderr)
        return 3
    except NoxusApiError as error:
        print(f"the backend refused: {error}", file=sys.stderr)
        return 4
    except httpx.TransportError as error:
        # Nothing came back: the connection, NOXUS_BACKEND_URL, or a firewall.
        print(f"no answer: {type(error).__name__}", file=sys.stderr)
        return 5
    print("saved")
    return 0


if __name__ == "__main__":
    sys.exit(main())
