"""A class of one's own, so that a missing variable is told when the application starts."""

import os
from dataclasses import dataclass, field

from noxus_sdk.client import Client


@dataclass(frozen=True)
class Configuration:
    # Not in the text of the object: it may end up in a log.
    api_key: str = field(repr=False)
    backend_url: str

    @classmethod
    def from_environment(cls) -> "Configuration":
        missing = [it for it in ("NOXUS_API_KEY", "NOXUS_BACKEND_URL") if not os.environ.get(it)]
        if missing:
            raise SystemExit(f"set {' and '.join(missing)}")
        return cls(os.environ["NOXUS_API_KEY"], os.environ["NOXUS_BACKEND_URL"])


configuration = Configuration.from_environment()
client = Client(configuration.api_key, configuration.backend_url)
print(configuration)
for workflow in client.workflows.list():
    print(workflow.name)
