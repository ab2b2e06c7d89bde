"""The key in the environment: NOXUS_API_KEY, and NOXUS_BACKEND_URL for the backend."""

from noxus_sdk.client import Client

client = Client.from_env()
for workflow in client.workflows.list():
    print(workflow.name)
