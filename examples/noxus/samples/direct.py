"""The key given to the constructor, from wherever the application keeps it."""

import sys

from noxus_sdk.client import Client

# Here it is read from a pipe: `secret-store read noxus | python direct.py URL`.
client = Client(api_key=sys.stdin.readline().strip(), base_url=sys.argv[1])
for workflow in client.workflows.list():
    print(workflow.name)
