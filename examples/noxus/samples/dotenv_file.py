"""In development: the same variables in a file `.env`, which is in .gitignore."""

from dotenv import load_dotenv
from noxus_sdk.client import Client

# What the environment says already wins, so the same code runs in production without the file.
load_dotenv(".env")

client = Client.from_env()
for workflow in client.workflows.list():
    print(workflow.name)
