"""One route per command, made from the catalogue: the Struct is the body, its checks and its OpenAPI schema."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import Parameter

from event_store.api.problems import Problem, problem
from event_store.api.tokens import Bearer
from event_store.catalogue import COMMANDS, kebab, owner_of
from event_store.committer import GroupCommitter
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.ids import UlidFactory
from mymedic.messages import Ack, Command, EntryChannel, Envelope

_REFUSALS = {
    status: ResponseSpec(data_container=Problem, description=text, media_type="application/problem+json")
    for status, text in {
        401: "no valid token",
        403: "not for this actor or tenant",
        404: "no such thing in this tenant",
        409: "the state of things does not allow it",
        422: "the command is not well formed, or breaks a rule",
        503: "the store is busy; send the same command again",
    }.items()
}


IdempotencyKey = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key", max_length=64, description="the command's id; sent again, it is answered again"
    ),
]
IfMatch = Annotated[
    str | None, Parameter(header="If-Match", max_length=20, description="the stream version that the caller has seen")
]
CorrelationId = Annotated[str | None, Parameter(header="X-Correlation-Id", max_length=64)]
AggregateId = Annotated[
    str | None,
    Parameter(header="X-Aggregate-Id", max_length=64, description="the id of what a creating command makes"),
]
Channel = Annotated[EntryChannel, Parameter(header="X-Channel")]


def command_route(command: type[Command]) -> HTTPRouteHandler:
    """`POST /v1/commands/<kebab-name>` for one command."""
    name = command.__name__
    aggregate, _ = owner_of(command)

    async def answer(
        request: Request[Any, Any, Any],
        data: Any,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
        correlation_id: CorrelationId = None,
        aggregate_id: AggregateId = None,
        channel: Channel = "api",
    ) -> Response[Any]:
        bearer: Bearer = request.state.bearer
        committer: GroupCommitter = request.app.state.committer
        clock: Clock = request.app.state.clock
        envelope = Envelope(
            command=data,
            command_id=idempotency_key or UlidFactory(clock).new("cmd", "", 0),
            tenant_id=bearer.tenant_id,
            actor=bearer.actor,
            issued_at=clock.now(),
            channel=channel,
            aggregate_id=aggregate_id,
            expected_version=_version(if_match),
            correlation_id=correlation_id,
        )
        ack = await committer.handle(envelope)
        return Response(content=ack, status_code=200) if ack.error is None else problem(ack.error)

    answer.__annotations__["data"] = command
    answer.__annotations__["return"] = Response[Ack]
    answer.__name__ = kebab(name).replace("-", "_")
    return post(
        path=f"/v1/commands/{kebab(name)}",
        status_code=200,
        tags=[aggregate.name.replace("_", " ")],
        summary=name,
        description=f"{(command.__doc__ or name).strip()}\n\nRoles: {', '.join(sorted(command.who))}.",
        operation_id=name,
        responses=_REFUSALS,
    )(answer)


def command_routes() -> list[HTTPRouteHandler]:
    """Every command that people and programs may send."""
    return [command_route(command) for command in COMMANDS.values() if not command.is_from_door]


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    text = if_match.strip().strip('"')
    if not text.isdigit():
        raise Refused("VALIDATION_FAILED", "If-Match must be a stream version", field="If-Match")
    return int(text)
