"""The routes by which a phone follows its days: a list of changes to be fetched, and a stream that pushes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from event_store.api.identity import Bearer
from event_store.api.problems import error_of, problem_of
from event_store.api.watching import seen_of
from mymedic.errors import Refused
from projections.api.cursor import LONGEST
from projections.api.phone import CHANGES, SURFACE, Changes, read_changes
from projections.api.query import answer_struct
from projections.api.reading import LIMIT
from projections.api.routes import (
    NAMED,
    SHARED,
    off_the_loop,
    parameters_of,
    require_parameters,
    route,
    said_of,
)
from projections.api.views import Views
from projections.api.waiting import Horizons

# Between two looks of which the first found nothing: the changes of others are no reason to look all the time.
RHYTHM = 0.1
_FILTERS = {name: taken for name, taken in parameters_of(CHANGES).items() if name not in {"order", *SHARED, *NAMED}}
_SINCE = QueryParameter(max_length=LONGEST, description="the `changes_cursor` of the last answer that was kept")


def changes_route(views: Views, horizons: Horizons) -> HTTPRouteHandler:
    """`GET /v1/phone/schedule/changes`."""
    taken = _FILTERS | {"since": (Annotated[str, _SINCE], ...)}
    taken |= {name: SHARED[name] for name in ("limit", "after_seq", "wait_ms")} | NAMED

    async def answer(request: Request[Any, Any, Any], **said: Any) -> Response[Any]:
        require_parameters(request, CHANGES.filters, taken)
        bearer = request.state.bearer
        await horizons.require(bearer.tenant_id, CHANGES.projections, said["after_seq"], said["wait_ms"] / 1000)
        changes = await off_the_loop(
            read_changes,
            *(views, bearer, said_of(CHANGES, said), said["since"], said["limit"]),
            *(said["include"] == "names", said["justification"]),
        )
        seen_of(request).outcome = "answered"
        return Response(content=changes._asdict(), headers={"Cache-Control": "no-store"})

    return route(CHANGES.path, CHANGES.name, SURFACE, CHANGES.title, CHANGES.about, taken, answer, _struct())


def _struct() -> type[Struct]:
    row = answer_struct(CHANGES)
    types: dict[str, Any] = Changes.__annotations__ | {"items": list[row]}  # type: ignore[valid-type]
    hints = {"changes_cursor": str, "has_more": bool, "is_reset": bool, "as_of_seq": int, "items": types["items"]}
    made = msgspec.defstruct(CHANGES.name, list(hints.items()), frozen=True, kw_only=True)
    made.__doc__ = (Changes.__doc__ or "").strip()
    return made


def stream_route(views: Views, horizons: Horizons) -> HTTPRouteHandler:
    """`GET /v1/phone/schedule/stream`: server-sent events."""
    header = HeaderParameter(name="Last-Event-ID", max_length=LONGEST, description="the id of the last event received")
    taken = _FILTERS | {"since": (Annotated[str, _SINCE], ...), "last_event_id": (Annotated[str | None, header], None)}

    async def answer(request: Request[Any, Any, Any], **said: Any) -> ServerSentEvent:
        require_parameters(request, CHANGES.filters, taken)
        bearer, filters = request.state.bearer, said_of(CHANGES, said)
        # Before the stream begins: who may not follow these days is told so as everywhere.
        first = await off_the_loop(read_changes, views, bearer, filters, said["last_event_id"] or said["since"], LIMIT)
        seen_of(request).outcome = "answered"
        return ServerSentEvent(_events(views, horizons, bearer, filters, first), headers={"Cache-Control": "no-store"})

    made = route(
        "/v1/phone/schedule/stream",
        "FollowSchedule",
        SURFACE,
        "Changes as they happen",
        (
            "Server-sent events: `changes` with the answer of ListScheduleChanges as its data and its `changes_cursor`"
            " as its id, whenever there are some; a comment as a sign of life while there are none. The server ends a"
            " stream after some minutes; come again with `Last-Event-ID`, and nothing is missed. `refused` with a"
            " problem ends a stream whose caller may no longer follow."
        ),
        taken,
        answer,
        _struct(),
    )
    return made


async def _events(
    views: Views, horizons: Horizons, bearer: Bearer, filters: Mapping[str, Any], changes: Changes
) -> AsyncIterator[ServerSentEventMessage]:
    loop = asyncio.get_running_loop()
    until = loop.time() + views.listening.longest
    spoken = loop.time() - views.listening.heartbeat
    try:
        while True:
            if changes.items or changes.is_reset:
                data = msgspec.json.encode(changes._asdict()).decode()
                yield ServerSentEventMessage(event="changes", data=data, id=changes.changes_cursor)
                spoken = loop.time()
            elif loop.time() - spoken >= views.listening.heartbeat:
                yield ServerSentEventMessage(data=None, comment="nothing new")
                spoken = loop.time()
            else:
                await asyncio.sleep(RHYTHM)
            if loop.time() >= until:
                return
            if not changes.has_more:
                pause = min(views.listening.heartbeat, until - loop.time())
                await horizons.wait(bearer.tenant_id, CHANGES.projection, changes.as_of_seq + 1, pause)
            changes = await off_the_loop(read_changes, views, bearer, filters, changes.changes_cursor, LIMIT)
    except Refused as refusal:
        problem = msgspec.json.encode(problem_of(error_of(refusal))).decode()
        yield ServerSentEventMessage(event="refused", data=problem)
