"""`/v1/workflows` and `/v1/nodes`. Reading needs a key of the workspace, changing the permission.

A workflow of another workspace is 403 and one that is nowhere 404: ids are random, so that tells
nobody anything that they can use.
"""

from dataclasses import dataclass, field
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel

from .callers import Callers, Workspace

PAGE_SIZE_MAX = 100
# In memory; a real product has a database and other limits.
WORKFLOWS_MAX = 10_000


class Definition(BaseModel):
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []


class Draft(BaseModel):
    name: str
    type: str = "flow"
    definition: Definition = Definition()


class Workflow(Draft):
    id: str


@dataclass
class Workflows:
    stored: dict[str, tuple[Workspace, Workflow]] = field(default_factory=dict)

    def save(self, workspace: Workspace, draft: Draft) -> Workflow:
        if len(self.stored) == WORKFLOWS_MAX:
            raise HTTPException(409, "There are too many workflows")
        workflow = Workflow(id=token_hex(16), **draft.model_dump())
        self.stored[workflow.id] = (workspace, workflow)
        return workflow

    def of(self, workspace: Workspace) -> list[Workflow]:
        return [workflow for owner, workflow in self.stored.values() if owner == workspace]

    def find(self, workspace: Workspace, id: str) -> Workflow:
        found = self.stored.get(id)
        if found is None:
            raise HTTPException(404, "There is no such workflow")
        owner, workflow = found
        if owner != workspace:
            raise HTTPException(403, "The workflow is in another workspace")
        return workflow

    def delete(self, workspace: Workspace, id: str) -> Workflow:
        workflow = self.find(workspace, id)
        del self.stored[id]
        return workflow


def router(callers: Callers, workflows: Workflows) -> APIRouter:
    routes = APIRouter(prefix="/v1")
    Reader = Annotated[Workspace, Depends(callers.of_workspace())]
    Editor = Annotated[Workspace, Depends(callers.of_workspace("flows_edit"))]
    Deleter = Annotated[Workspace, Depends(callers.of_workspace("flows_delete"))]
    Size = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]

    # The client asks for them when it starts. Flows here are drawn from nothing but notes.
    @routes.get("/nodes", dependencies=[Depends(callers.any_key())])
    async def nodes() -> list[dict[str, Any]]:
        return []

    @routes.get("/workflows")
    async def list_them(
        workspace: Reader,
        page: Annotated[int, Query(ge=1)] = 1,
        size: Size = 10,
        page_size: Size | None = None,
    ) -> dict[str, Any]:
        size = page_size or size
        found = workflows.of(workspace)
        start = (page - 1) * size
        return {
            "items": found[start : start + size],
            "total": len(found),
            "page": page,
            "size": size,
            "pages": -(-len(found) // size),
        }

    @routes.post("/workflows")
    async def save(workspace: Editor, draft: Draft) -> Workflow:
        return workflows.save(workspace, draft)

    @routes.get("/workflows/{id}")
    async def show(workspace: Reader, id: str) -> Workflow:
        return workflows.find(workspace, id)

    @routes.delete("/workflows/{id}")
    async def delete(workspace: Deleter, id: str) -> Workflow:
        return workflows.delete(workspace, id)

    return routes
