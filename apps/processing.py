"""`GET /v1/processes`: what every process of a tenant waits for, for those who look after the whole of it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import QueryParameter

from event_store.api.commands import REFUSALS
from event_store.api.identity import Bearer
from event_store.api.watching import seen_of
from event_store.authorise import as_granted
from event_store.handle import Handler
from mymedic.errors import Refused
from mymedic.messages import ID_PATTERN
from processes.standing import Standing, standing

# Nobody's name stands there, but every branch's business does.
READERS = ("EN", "AU", "CM", "FN")

Process = Annotated[
    str | None, QueryParameter(name="process", max_length=40, pattern=r"^[a-z_]+$", description="only this process")
]
About = Annotated[
    str | None,
    QueryParameter(name="about", min_length=3, max_length=200, pattern=ID_PATTERN, description="only this entity's id"),
]


@get(
    path="/v1/processes",
    tags=["processes"],
    summary="What every process waits for",
    operation_id="ReadProcesses",
    responses=REFUSALS,
)
async def read_processes(
    request: Request[Any, Any, Any], process: Process = None, about: About = None
) -> Response[Standing]:
    """Timers with their time, what is parked, and how far behind the log each process is; the claims that wait for
    finance are filled in. For finance, managers, auditors and engineers of all branches.
    """
    store, bearer = request.app.state.store, request.state.bearer
    found = await asyncio.to_thread(_standing_for, store.handler, bearer, process, about)
    seen_of(request).outcome = "answered"
    return Response(content=found, headers={"Cache-Control": "no-store"})


def _standing_for(handler: Handler, bearer: Bearer, process: str | None, about: str | None) -> Standing:
    staff = handler.state(bearer.tenant_id, "staff", bearer.actor.id)
    actor = as_granted(bearer.actor, staff, frozenset(READERS))
    if not actor.has(*READERS):
        raise Refused("FORBIDDEN", f"processes are shown to {', '.join(READERS)}")
    if actor.branch_scope != "*":
        raise Refused("FORBIDDEN_BRANCH", "processes are shown to those who look after every branch")
    return standing(handler, bearer.tenant_id, process, about)
