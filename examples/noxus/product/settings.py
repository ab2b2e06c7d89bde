"""What the product is told by its environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """KEYWAY_URL, KEYWAY_TOKEN and, where it serves one workspace alone, NOXUS_WORKSPACE."""

    keyway_url: str
    keyway_token: SecretStr
    workspace: str | None = Field(default=None, validation_alias="NOXUS_WORKSPACE")
