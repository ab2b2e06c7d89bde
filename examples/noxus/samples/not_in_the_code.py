"""Where a key must not be, and where it belongs.

Wrong, because whoever reads the repository has the key, today and in its history:

    client = Client(api_key="noxus_…the whole key…")

Right:
"""

import os

from noxus_sdk.client import Client

client = Client(api_key=os.environ["NOXUS_API_KEY"], base_url=os.environ["NOXUS_BACKEND_URL"])
print(client.admin.get_me().value)
