"""The app. `uvicorn --factory product.app:app` serves it."""

import httpx
from fastapi import FastAPI

from keyway_sdk import AsyncKeyway

from . import administration, workflows
from .callers import Callers, Verifier
from .settings import Settings


def create_app(
    verifier: Verifier, keyway: httpx.AsyncClient, pinned: str | None = None
) -> FastAPI:
    """`pinned`: the one workspace whose keys are taken."""
    callers = Callers(verifier, pinned)
    app = FastAPI(title="Workflows")
    app.include_router(workflows.router(callers, workflows.Workflows()))
    app.include_router(administration.router(callers, keyway))
    return app


def app() -> FastAPI:
    settings = Settings()
    token = settings.keyway_token.get_secret_value()
    verifier = AsyncKeyway(settings.keyway_url, token)
    keyway = httpx.AsyncClient(base_url=settings.keyway_url)
    return create_app(verifier, keyway, settings.workspace)
