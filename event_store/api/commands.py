"""One route per command, made from the catalogue: the Struct is the body, its checks and its OpenAPI schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Operation, RequestBody
from litestar.params import HeaderParameter, JSONBody

from event_store.api.asking import About, envelope_of, instant
from event_store.api.examples import example
from event_store.api.identity import COSIGNER_HEADER
from event_store.api.problems import Problem, problem
from event_store.api.reading import CommandRequest
from event_store.api.watching import seen_of
from event_store.catalogue import COMMANDS, kebab, owner_of
from event_store.committer import GroupCommitter
from mymedic.messages import ID_PATTERN, Ack, Command, EntryChannel

REFUSALS = {
    status: ResponseSpec(data_container=Problem, description=text, media_type="application/problem+json")
    for status, text in {
        401: "no valid token",
        402: "a deposit is missing",
        403: "not for this actor or tenant",
        404: "no such thing in this tenant",
        410: "the record of this person was erased",
        409: "the state of things does not allow it",
        413: "longer than any command",
        415: "not JSON",
        422: "the command is not well formed, or breaks a rule",
        429: "too many at once; come back after `Retry-After` seconds",
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
CausationId = Annotated[
    str | None, _id_header("X-Causation-Id", "the command or event that made the caller ask; else the command itself")
]
TenantId = Annotated[
    str | None, _id_header("X-Tenant-Id", "the tenant that the caller means; TENANT_MISMATCH if the token is not its")
]
ClientRecordedAt = Annotated[
    str | None,
    HeaderParameter(
        name="X-Client-Recorded-At",
        max_length=40,
        schema_extra={"format": "date-time"},
        description="when it happened, from a doctor's or a desk's device that was offline: at most 24 h ago",
    ),
]
Channel = Annotated[EntryChannel, HeaderParameter(name="X-Channel")]


@dataclass
class _Described(Operation):
    """A command's operation with an example of its body."""

    def __post_init__(self) -> None:
        if isinstance(self.request_body, RequestBody) and self.operation_id in COMMANDS:
            for content in self.request_body.content.values():
                content.example = example(COMMANDS[self.operation_id])


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
        causation_id: CausationId = None,
        aggregate_id: AggregateId = None,
        tenant_id: TenantId = None,
        client_recorded_at: ClientRecordedAt = None,
        channel: Channel = "api",
        cosigner: Cosigner = None,  # read by the application's guard; it stands here for the documentation
    ) -> Response[Any]:
        about = About(
            command_id=idempotency_key,
            expected_version=int(if_match.strip('"')) if if_match else None,
            aggregate_id=aggregate_id,
            correlation_id=correlation_id,
            causation_id=causation_id,
            client_recorded_at=instant(client_recorded_at, "X-Client-Recorded-At"),
            channel=channel,
            tenant_id=tenant_id,
        )
        state = request.app.state
        committer: GroupCommitter = state.committer
        ack = await committer.handle(
            envelope_of(data, about, request.state.bearer, state.clock, request.state.cosigner)
        )
        seen_of(request).answered(ack)
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
        responses=REFUSALS,
        request_class=CommandRequest,
        operation_class=_Described,
        opt={"decode": msgspec.json.Decoder(command).decode},
    )(answer)


def command_routes() -> list[HTTPRouteHandler]:
    """Every command that people and programs may send."""
    return [command_route(command) for command in COMMANDS.values() if not command.is_from_door]
