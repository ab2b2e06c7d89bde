"""`/v1/admin`: what a key is, from the verdict on it; everything else is Keyway's to answer.

The client has one address for workflows and for administration, so what is not the product's is handed
on as it came, and whatever is said of it comes back. The key says who asks; the product adds nothing.
"""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from keyway_sdk.wire import Principal

from .callers import Callers, shown

# A field of its own in what a key is, so it is in no list of permissions.
TENANT_ADMIN = "tenant:admin"
HANDED_ON = ("x-api-key", "content-type")
HANDED_BACK = ("content-type", "retry-after", "x-request-id")


def router(callers: Callers, keyway: httpx.AsyncClient) -> APIRouter:
    routes = APIRouter(prefix="/v1/admin")
    Caller = Annotated[Principal, Depends(callers.any_key())]

    @routes.get("/me")
    async def me(principal: Caller, request: Request) -> dict[str, Any]:
        # Only a key of no workspace, a system key, can have what is the tenant's.
        is_system = principal["project"] is None
        return {
            "id": principal["id"],
            "name": principal["name"],
            "tenant_admin": is_system and TENANT_ADMIN in principal["permissions"],
            "value": shown(request.headers["x-api-key"]),
            "permissions": [it for it in principal["permissions"] if it != TENANT_ADMIN],
        }

    @routes.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def hand_on(path: str, request: Request) -> Response:
        headers = {it: request.headers[it] for it in HANDED_ON if it in request.headers}
        try:
            answer = await keyway.request(
                request.method,
                request.url.path,
                params=request.query_params,
                headers=headers,
                content=await request.body(),
            )
        except httpx.TransportError:
            raise HTTPException(503, "Not available", {"retry-after": "1"}) from None
        kept = {it: answer.headers[it] for it in HANDED_BACK if it in answer.headers}
        kept["cache-control"] = "no-store"
        return Response(answer.content, answer.status_code, kept)

    return routes
