"""The application: routes, errors, OpenAPI, and the writer that answers commands together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from litestar import Litestar, Router
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from opentelemetry.trace import TracerProvider

from event_store.api.auditing import audit_routes
from event_store.api.batches import batch
from event_store.api.commands import command_routes
from event_store.api.document import DocumentConfig
from event_store.api.identities import look_up
from event_store.api.identity import COSIGNER_HEADER, Identity
from event_store.api.limits import RateLimits
from event_store.api.packing import pack_routes
from event_store.api.problems import on_bug, on_http_error, on_refused
from event_store.api.readiness import health, metrics, ready
from event_store.api.reading import require_json
from event_store.api.watching import Standings, Watch, watched
from event_store.audit.forfeits import Books
from event_store.committer import GroupCommitter
from event_store.store import Store
from event_store.subscriptions.standing import standings
from mymedic.errors import Refused

# Far above any command; a settlement file of 5,000 lines is about 3 MB.
BODY_LIMIT = 16 * 1024 * 1024

Companion = Callable[[Store], AbstractAsyncContextManager[None]]


def create_app(
    store: Store,
    identity: Identity,
    companions: Sequence[Companion] = (),
    doors: Sequence[HTTPRouteHandler] = (),
    limits: RateLimits | None = None,
    home: Path | None = None,
    tracers: TracerProvider | None = None,
    grpc_port: int | None = None,
    followed: Sequence[Standings] = (),
    books: Books | None = None,
    queries: Sequence[HTTPRouteHandler] = (),
) -> Litestar:
    """`companions` run as long as the server does: reactions, timers. `doors` check their callers themselves.

    `home` is the folder whose disk must take a file for the server to be ready. With a `grpc_port` (0: a free one,
    then in `app.state.grpc_port`) the same commands are answered over gRPC. `followed`: how consumers stand whose
    checkpoints are kept elsewhere than in the ledger. `books`: where auditors are shown the ledger entries of what was
    kept. `queries` are asked by the same callers who send commands.
    """
    clock = store.handler.clock
    watch = Watch(clock, store.feed, tracers, [partial(standings, store.ledger, clock), *followed])

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        app.state.committer = GroupCommitter(store.handler, watch.append)
        async with AsyncExitStack() as stack:
            stack.callback(app.state.committer.stop)
            for companion in companions:
                await stack.enter_async_context(companion(store))
            if grpc_port is not None:
                from event_store.api.rpc.server import Desk, rpc_server

                desk = Desk(
                    store=store,
                    identity=identity,
                    committer=app.state.committer,
                    watch=watch,
                    limits=limits,
                    body_limit=BODY_LIMIT,
                )
                app.state.grpc_port = await stack.enter_async_context(rpc_server(desk, grpc_port))
            yield

    async def authenticated(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Before the body is read: a stranger learns nothing about what a command looks like."""
        if (word := handler.opt.get("word")) is not None:
            connection.scope["state"]["seen"].command = word
        bearer = await identity.bearer_soon(connection.headers.get("Authorization"))
        connection.scope["state"]["seen"].tenant_id = bearer.tenant_id
        if limits is not None:
            limits.charge(bearer)
        connection.state.bearer = bearer
        connection.state.cosigner = await identity.cosigner_soon(connection.headers.get(COSIGNER_HEADER), bearer)

    commands = Router(
        path="/", route_handlers=[*command_routes(), batch, look_up], guards=[authenticated, require_json]
    )
    asked = Router(path="/", route_handlers=[*audit_routes(books), *pack_routes(), *queries], guards=[authenticated])
    app = Litestar(
        route_handlers=[health, ready, metrics, *doors, commands, asked],
        state=State({"store": store, "clock": clock, "watch": watch, "limits": limits, "home": home}),
        exception_handlers={Refused: on_refused, HTTPException: on_http_error, Exception: on_bug},
        logging_config=None,  # the program that serves decides where its log goes
        lifespan=[running],
        request_max_body_size=BODY_LIMIT,
        openapi_config=DocumentConfig(
            title="MyMedic",
            version="1",
            description="Every fact enters as a command, once; what is known is asked of the live views.",
            components=Components(security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"bearer": []}],
            render_plugins=[ScalarRenderPlugin()],
        ),
    )
    app.asgi_handler = watched(app.asgi_handler, watch)
    return app
