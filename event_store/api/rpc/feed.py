"""`Feed.Follow`: a tenant's log after a seq, in order, without what is sealed; a missing seq ends it loudly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from google.protobuf.message import DecodeError

from event_store.api.identity import Bearer
from event_store.api.rpc.schema import Schema
from event_store.api.rpc.translate import filled
from event_store.feed import Feed
from event_store.recorded import Recorded
from mymedic.errors import Refused

# Who reads a whole log: the tenant's auditors and managers, and programs of its own. An engineer sees no payload
# (DOMAIN §1.2). Nobody sees personal data here: it is sealed, and what is a hash of it is left out.
FULL_ROLES, MASKED_ROLES = ("AU", "CM", "SY"), ("EN",)
PAGE = 500
POLL_SECONDS = 0.2
# A stream outlives its token, a revoked key and a role that was taken away by no more than this.
RECHECK_SECONDS = 5.0


async def follow(
    schema: Schema, feed: Feed, reader: Callable[[], Awaitable[Bearer]], body: bytes
) -> AsyncIterator[bytes]:
    """FORBIDDEN for everybody else; FEED_GAP when an event is missing. `reader` tells who reads, as of now."""
    bearer, loop = await reader(), asyncio.get_running_loop()
    is_masked, asked_at = _is_masked(bearer), loop.time()
    try:
        asked: Any = schema.message("FollowRequest").FromString(body)
    except DecodeError as error:
        raise Refused("VALIDATION_FAILED", "the bytes are no FollowRequest") from error
    if not 0 <= asked.after_seq < 2**62:
        raise Refused("VALIDATION_FAILED", "a seq is 0 or more", field="after_seq")
    after, tenant_id = asked.after_seq, bearer.tenant_id
    until = await asyncio.to_thread(feed.head, tenant_id) if asked.until_head else None
    while until is None or after < until:
        if loop.time() - asked_at >= RECHECK_SECONDS:
            is_masked, asked_at = _is_masked(await reader()), loop.time()
        for event in (events := await asyncio.to_thread(feed.read, tenant_id, after, PAGE)):
            if until is not None and event.seq > until:
                return
            yield _message(schema, event, is_masked)
            after = event.seq
        if not events:
            if until is not None:
                return
            await asyncio.sleep(POLL_SECONDS)


def _is_masked(bearer: Bearer) -> bool:
    actor = bearer.actor
    if not actor.has(*FULL_ROLES, *MASKED_ROLES) or actor.branch_scope != "*":
        raise Refused("FORBIDDEN", f"the log is for {', '.join((*FULL_ROLES, *MASKED_ROLES))} of every branch")
    return not actor.has(*FULL_ROLES)


def _message(schema: Schema, event: Recorded, is_masked: bool) -> bytes:
    names = schema.message("RecordedEvent").DESCRIPTOR.fields_by_name
    values = {name: getattr(event, name) for name in names if hasattr(event, name)}
    values["actor_id"] = event.actor.id
    values["payload_json"] = None if is_masked else _clear(event)
    return filled(schema, "RecordedEvent", values).SerializeToString()


def _clear(event: Recorded) -> str:
    fields: dict[str, Any] = msgspec.to_builtins(event.event)
    fields.pop("pii", None)
    kept = {name: value for name, value in fields.items() if not name.endswith("_hash")}
    return msgspec.json.encode(kept, order="sorted").decode()
