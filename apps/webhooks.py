"""`POST /v1/webhooks/{gateway}/{tenant_id}`: the gateway's deliveries, and the retries of those that came too early."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from event_store.api.problems import problem
from event_store.store import Store
from integrations.gateway.webhooks import deliver, retry_parked
from mymedic.messages import ErrorBody
from mymedic.settings import Settings


def secrets_of(settings: Settings, tenant_id: str, gateway: str) -> list[str]:
    """The endpoint's secrets; without any, no signature can be right."""
    return settings.webhook_secrets.get(f"{tenant_id}/{gateway}", [])


def webhook_route(settings: Settings, store: Store) -> HTTPRouteHandler:
    @post("/v1/webhooks/{gateway:str}/{tenant_id:str}", status_code=200, summary="A gateway's delivery")
    async def webhook(request: Request[Any, Any, Any], gateway: str, tenant_id: str) -> Response[Any]:
        """Authentic by its signature alone; a delivery seen before is answered like the first one."""
        body = await request.body()
        outcome = await asyncio.to_thread(
            deliver,
            store.handler,
            tenant_id,
            dict(request.headers.items()),
            body,
            secrets=secrets_of(settings, tenant_id, gateway),
            gateway=gateway,
        )
        if outcome.code is not None and outcome.http_status >= 400:
            return problem(ErrorBody(code=outcome.code, message=outcome.message or outcome.code))
        return Response(content={"status": outcome.status}, status_code=outcome.http_status)

    return webhook


def retry_all(settings: Settings, store: Store, tenant_id: str) -> None:
    """Try again what was parked, for every gateway that delivers to this tenant."""
    for endpoint in settings.webhook_secrets:
        tenant, _, gateway = endpoint.partition("/")
        if tenant == tenant_id:
            retry_parked(store.handler, tenant_id, gateway=gateway)
