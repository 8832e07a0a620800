"""What names a person under the keys of others: bodies of a gateway's webhooks, and narrations of bank lines.

Both are found by the references that they share with the person's payments. A sealed part is never opened for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from event_store.ledger.reads import Reads
from event_store.states import stream_of

_PAGE = 10_000


class _Names(Struct, frozen=True):
    """Every reference that an event may hold in clear."""

    entity_id: str | None = None
    order_id: str | None = None
    gateway_payment_id: str | None = None
    gateway_refund_id: str | None = None
    gateway_dispute_id: str | None = None
    rrn: str | None = None
    arn_or_rrn: str | None = None
    utr: str | None = None

    def references(self) -> set[str]:
        """In capitals: a bank and a gateway do not agree on the case of a UTR."""
        return {value.upper() for value in msgspec.structs.astuple(self) if value}


# Where they stand: the beginning of a stream's id, and the event.
_PLACES = (
    (stream_of("settlement_file", "inbox-"), "GatewayWebhookAccepted"),
    (stream_of("bank_statement", ""), "BankLineRecorded"),
)


def named_elsewhere(reads: Reads, tenant_id: str, payloads: Iterable[str]) -> Iterator[str]:
    """Ids of the events that share a reference with these payloads and have a sealed part of their own."""
    names = msgspec.json.Decoder(_Names)
    wanted: set[str] = set()
    for payload in payloads:
        wanted |= names.decode(payload).references()
    if not wanted:
        return
    for prefix, event_type in _PLACES:
        after = ("", 0)
        while page := reads.sealed_under(tenant_id, prefix, event_type, after, _PAGE):
            for _, _, event_id, payload in page:
                if not wanted.isdisjoint(names.decode(payload).references()):
                    yield event_id
            after = (page[-1][0], page[-1][1])
