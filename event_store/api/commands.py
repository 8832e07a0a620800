"""One route per command, made from the catalogue: the Struct is the body, its checks and its OpenAPI schema."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, JSONBody

from event_store.api.identity import COSIGNER_HEADER, Bearer
from event_store.api.problems import Problem, problem
from event_store.api.reading import CommandRequest
from event_store.catalogue import COMMANDS, kebab, owner_of
from event_store.committer import GroupCommitter
from mymedic.clock import Clock
from mymedic.ids import UlidFactory
from mymedic.messages import ID_PATTERN, Ack, Command, EntryChannel, Envelope

_REFUSALS = {
    status: ResponseSpec(data_container=Problem, description=text, media_type="application/problem+json")
    for status, text in {
        401: "no valid token",
        403: "not for this actor or tenant",
        404: "no such thing in this tenant",
        409: "the state of things does not allow it",
        413: "longer than any command",
        415: "not JSON",
        422: "the command is not well formed, or breaks a rule",
        503: "the store is busy; send the same command again",
    }.items()
}


def _id_header(name: str, description: str) -> Any:
    return HeaderParameter(name=name, min_length=3, max_length=64, pattern=ID_PATTERN, description=description)


IdempotencyKey = Annotated[
    str | None, _id_header("Idempotency-Key", "the command's id; sent again, it is answered again")
]
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match", pattern=r'^"?[0-9]{1,9}"?$', description="the stream version that the caller has seen"
    ),
]
CorrelationId = Annotated[str | None, _id_header("X-Correlation-Id", "the business flow that this is a part of")]
AggregateId = Annotated[str | None, _id_header("X-Aggregate-Id", "the id of what a creating command makes")]
Cosigner = Annotated[
    str | None,
    HeaderParameter(name=COSIGNER_HEADER, description="`Bearer <token>` of a second person, where one may not alone"),
]
Channel = Annotated[EntryChannel, HeaderParameter(name="X-Channel")]


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
        cosigner: Cosigner = None,  # read by the application's guard; it stands here for the documentation
    ) -> Response[Any]:
        bearer: Bearer = request.state.bearer
        committer: GroupCommitter = request.app.state.committer
        clock: Clock = request.app.state.clock
        envelope = Envelope(
            command=data,
            command_id=idempotency_key or UlidFactory(clock).new("cmd", "", 0),
            tenant_id=bearer.tenant_id,
            actor=bearer.actor,
            cosigner=request.state.cosigner,
            issued_at=clock.now(),
            channel=channel,
            aggregate_id=aggregate_id,
            expected_version=int(if_match.strip('"')) if if_match else None,
            correlation_id=correlation_id,
        )
        ack = await committer.handle(envelope)
        if ack.error is not None:
            return problem(ack.error)
        headers = {"ETag": f'"{ack.stream_version}"'} if ack.stream_version is not None else {}
        return Response(content=ack, status_code=200, headers=headers)

    answer.__annotations__["data"] = JSONBody[command]  # type: ignore[valid-type, misc]
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
        request_class=CommandRequest,
        opt={"decode": msgspec.json.Decoder(command).decode},
    )(answer)


def command_routes() -> list[HTTPRouteHandler]:
    """Every command that people and programs may send."""
    return [command_route(command) for command in COMMANDS.values() if not command.is_from_door]
