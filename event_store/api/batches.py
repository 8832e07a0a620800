"""`POST /v1/commands:batch`: what a device has gathered while it was offline, each command answered by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from litestar import Request, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from event_store.api.asking import About, envelope_of
from event_store.api.commands import REFUSALS
from event_store.api.limits import RateLimits
from event_store.api.problems import Problem, error_of, problem_of
from event_store.api.reading import CommandRequest, read
from event_store.api.watching import Watch, seen_of
from event_store.catalogue import COMMAND_OF_PATH
from event_store.committer import GroupCommitter
from mymedic.errors import Refused
from mymedic.messages import Ack, Command, EntryChannel, Envelope, ErrorBody, Id, Timestamp

# A day of a doctor without a network is a few dozen; more than this is another kind of caller.
COMMAND_LIMIT = 200
BYTE_LIMIT = 2 * 1024 * 1024


class BatchCommand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command of a batch: `name` as in its path (`finish-encounter`), `body` as it would be posted there."""

    name: str
    command_id: Id
    body: dict[str, Any]
    expected_version: Annotated[int, Meta(ge=0, le=999_999_999)] | None = None
    aggregate_id: Id | None = None
    correlation_id: Id | None = None
    causation_id: Id | None = None
    client_recorded_at: Timestamp | None = None
    channel: EntryChannel = "doctor_app"


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """Commands in the order in which they happened."""

    commands: Annotated[list[BatchCommand], Meta(min_length=1, max_length=COMMAND_LIMIT)]


class BatchAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one command: as an acknowledgement; `error` is the problem that it would have met alone."""

    index: int
    status: Literal["accepted", "duplicate", "rejected"]
    command_id: str | None = None
    stream_id: str | None = None
    stream_version: int | None = None
    event_ids: tuple[str, ...] = ()
    first_seq: int | None = None
    last_seq: int | None = None
    error: Problem | None = None


class BatchAnswers(Struct, frozen=True, kw_only=True):
    """One answer for each command, in its place. `send_again` are those that a retry can help, unchanged."""

    accepted: int
    duplicate: int
    rejected: int
    send_again: list[str]
    answers: list[BatchAnswer]


class _Whole(Struct, frozen=True, forbid_unknown_fields=True):
    commands: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=COMMAND_LIMIT)]


class _Item(About, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    command_id: Id
    body: msgspec.Raw
    channel: EntryChannel = "doctor_app"


class _Read(NamedTuple):
    """A command of a batch as far as it could be read."""

    name: str = "unknown"
    command_id: str | None = None
    envelope: Envelope | None = None
    error: ErrorBody | None = None


_WHOLE, _ITEM = msgspec.json.Decoder(_Whole), msgspec.json.Decoder(_Item)
_DECODE = {
    path: msgspec.json.Decoder(command).decode for path, command in COMMAND_OF_PATH.items() if not command.is_from_door
}


def _decode(body: bytes) -> Batch:
    """Only the frame: one command that is none must not take the others with it."""
    return Batch(commands=_WHOLE.decode(body).commands)  # type: ignore[arg-type]


@post(
    path="/v1/commands:batch",
    status_code=200,
    tags=["batch"],
    summary="Commands of a device that was offline",
    operation_id="SubmitBatch",
    responses=REFUSALS,
    request_class=CommandRequest,
    request_max_body_size=BYTE_LIMIT,
    opt={"decode": _decode},
)
async def batch(request: Request[Any, Any, Any], data: JSONBody[Batch]) -> BatchAnswers:
    """Up to 200 commands, decided in their order and kept together; each is accepted or rejected by itself.

    Sent again, whole or in part, each command that was answered is answered again: its `command_id` is its
    idempotency key. A command that could not be read is not kept; under the same id it may come again, corrected.
    """
    app, bearer = request.app.state, request.state.bearer
    limits: RateLimits | None = app.limits
    if limits is not None:
        limits.charge(bearer, len(data.commands) - 1)
    committer: GroupCommitter = app.committer
    all_read = [_read(raw, request) for raw in data.commands]
    acks = iter(await asyncio.gather(*[committer.handle(one.envelope) for one in all_read if one.envelope]))
    answers = [_answer(index, one, acks) for index, one in enumerate(all_read)]
    seen, watch = seen_of(request), app.watch
    seen.outcome, seen.commands = "batch", len(answers)
    _count(watch, all_read, answers)
    found = Counter(answer.status for answer in answers)
    return BatchAnswers(
        accepted=found["accepted"],
        duplicate=found["duplicate"],
        rejected=found["rejected"],
        send_again=[one.command_id for one in answers if one.error and one.error.retryable and one.command_id],
        answers=answers,
    )


def _read(raw: Any, request: Request[Any, Any, Any]) -> _Read:
    found, state = _Read(), request.state
    try:
        item: _Item = read(bytes(raw), _ITEM.decode)
        found = _Read(command_id=item.command_id)
        decode = _DECODE.get(item.name)
        if decode is None:
            raise Refused("VALIDATION_FAILED", f"there is no command {item.name[:64]!r} to send", field="name")
        command: Command = read(bytes(item.body), decode)
        found = found._replace(name=type(command).__name__)
        envelope = envelope_of(command, item, state.bearer, request.app.state.clock, state.cosigner)
    except Refused as refusal:
        return found._replace(error=error_of(refusal))
    return found._replace(envelope=envelope)


def _answer(index: int, one: _Read, acks: Any) -> BatchAnswer:
    ack: Ack | None = next(acks) if one.envelope else None
    error = ack.error if ack else one.error
    return BatchAnswer(
        index=index,
        status=ack.status if ack else "rejected",
        command_id=one.command_id,
        stream_id=ack.stream_id if ack else None,
        stream_version=ack.stream_version if ack else None,
        event_ids=ack.event_ids if ack else (),
        first_seq=ack.first_seq if ack else None,
        last_seq=ack.last_seq if ack else None,
        error=problem_of(error) if error else None,
    )


def _count(watch: Watch, commands: list[_Read], answers: list[BatchAnswer]) -> None:
    for one, answer in zip(commands, answers, strict=True):
        watch.answered("batch", one.name, answer.status, answer.error.code if answer.error else "")
