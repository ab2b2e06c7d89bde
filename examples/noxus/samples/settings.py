"""The same by pydantic-settings, which also reads `.env`."""

from noxus_sdk.client import Client
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="NOXUS_", env_file=".env", extra="ignore")

    api_key: SecretStr
    backend_url: str


settings = Settings()
client = Client(settings.api_key.get_secret_value(), settings.backend_url)
print(settings)
for workflow in client.workflows.list():
    print(workflow.name)
