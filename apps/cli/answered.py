"""An auditor's answer on the terminal: aligned tables, money in rupees, the recorded beside the worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from apps.cli.console import ERR, OUT, rupees, table
from event_store.audit.answers import Answer
from event_store.audit.changes import Changes
from event_store.audit.events import AuditedEvents
from event_store.audit.forfeits import Forfeits
from event_store.audit.history import Initiators, Order, Timeline, in_words
from event_store.audit.payments import Payments
from event_store.audit.policies import Policies, Worked
from event_store.audit.refunds import Refunds
from event_store.audit.wording import duration
from event_store.causation import Link
from mymedic.counts import counted
from mymedic.messages import canonical_json

Rows = list[list[Any]]


def show(word: str, found: Answer) -> None:
    """The answer, and above it of what it is and as known when."""
    OUT.print(
        Text.assemble(
            (f"{found.subject.kind} {found.subject.id}", "bold"),
            f" of {found.tenant_id}, as known at {found.as_of:%Y-%m-%d %H:%M:%S} UTC"
            f" (seq {found.head.seq}, {found.head.event_hash[:16]}…)",
        ),
        soft_wrap=True,
    )
    _SHOWN[word](found)
    if found.withheld:
        ERR.print(f"{counted(found.withheld, 'event is', 'events are')} beyond what this role sees", highlight=False)
    if found.next:
        ERR.print(f"there is more: --page {found.next}", highlight=False)


def _print(title: str, columns: Sequence[str], rows: Rows, **how: Any) -> None:
    OUT.print(f"\n{title}" if rows else f"\n{title}: none", style="italic" if rows else None, soft_wrap=True)
    if rows:
        OUT.print(table("", columns, rows, **how))


def _events(found: AuditedEvents) -> None:
    columns = ["seq", "happened (UTC)", "event", "stream", "version", "initiated by", "policies", "sealed", "hash"]
    rows = [
        [
            row.seq,
            row.occurred_at,
            row.event_type,
            row.stream_id,
            row.stream_version,
            who(row.initiator),
            ", ".join(row.policy_version_ids) or None,
            row.pii,
            f"{row.proof.prev_hash[:8]}→{row.proof.event_hash[:8]}",
        ]
        for row in found.rows
    ]
    _print("Events", columns, rows, right=["seq", "version"])


def _timeline(found: Timeline) -> None:
    columns = ["seq", "happened (UTC)", "what", "amount ₹", "by", "over", "stream"]
    rows = [
        [row.seq, row.occurred_at, row.what, rupees(row.amount_paise), row.actor.id, row.channel, row.stream_id]
        for row in found.rows
    ]
    _print("What happened", columns, rows, right=["seq"])


def _order(found: Order) -> None:
    columns = ["seq", "what", "happened (UTC)", "recorded (UTC)", "late by", "order"]
    rows = [
        [
            row.seq,
            in_words(row.event_type),
            f"{row.occurred_at:%Y-%m-%d %H:%M:%S}",
            f"{row.recorded_at:%Y-%m-%d %H:%M:%S}",
            _late(row.late_ms),
            "out of order" if row.is_out_of_order else "",
        ]
        for row in found.rows
    ]
    _print("In what order", columns, rows, right=["seq", "late by"])
    said = "as they happened" if found.is_in_order else "not in the order in which they happened"
    OUT.print(f"These events were recorded {said}.", highlight=False)


def _late(milliseconds: int) -> str:
    return duration(milliseconds // 1000) if milliseconds >= 1000 else f"{milliseconds} ms"


def _initiators(found: Initiators) -> None:
    columns = ["seq", "what", "sent by", "initiated by", "over", "chain"]
    rows = [
        [
            row.seq,
            in_words(row.event_type),
            row.actor.id,
            who(row.initiator),
            row.initiator.channel if row.initiator else None,
            " ← ".join(f"{_actor(link)} ({link.event_type or link.kind})" for link in row.chain),
        ]
        for row in found.rows
    ]
    _print("Who initiated it", columns, rows, right=["seq"])


def who(link: Link | None) -> str:
    """Who stands at the beginning; without anybody, it was a timer."""
    return "a timer" if link is None else f"{_actor(link)} ({link.actor.type})" if link.actor else link.id


def _actor(link: Link) -> str:
    if link.actor is None:
        return link.id
    behind = f" for {link.actor.on_behalf_of}" if link.actor.on_behalf_of else ""
    return f"{link.actor.id}{behind}"


def _changes(found: Changes) -> None:
    rows: Rows = []
    for row in found.rows:
        for at, change in enumerate(row.patch or ({"op": "-", "path": "nothing that is folded"},)):
            head = [row.seq, in_words(row.event_type), f"{row.stream_version - 1}→{row.stream_version}"]
            value = canonical_json(change["value"]).decode() if "value" in change else None
            rows.append([*(head if at == 0 else ["", "", ""]), change["op"], change["path"], value])
    _print("What changed", ["seq", "what", "version", "op", "path", "value"], rows, right=["seq"])


def _policies(found: Policies) -> None:
    for row in found.rows:
        title = f"seq {row.seq}, {in_words(row.event_type)}: {row.question}"
        _print(title, ["figure", "recorded", "worked out again", "equal"], _figures(row))
        inputs = ", ".join(f"{name} {_figure(name, value)}" for name, value in row.inputs.items() if value is not None)
        OUT.print(f"from {inputs or 'the state before it'}", highlight=False, soft_wrap=True, markup=False)
        named = ", ".join(policy.policy_version_id for policy in row.policies) or "no policy"
        OUT.print(f"by {named}", highlight=False, soft_wrap=True)
    for policy in {one.policy_version_id: one for row in found.rows for one in row.policies}.values():
        where = f"published at seq {policy.published_seq}" if policy.published_seq else "never published"
        OUT.print(f"\n{policy.policy_version_id} ({policy.kind}, {policy.scope}, {where})", highlight=False)
        for sentence in policy.text:
            OUT.print(f"  {sentence}", highlight=False, soft_wrap=True, markup=False)
    if not found.rows:
        OUT.print("\nNo event here was decided by a policy.", highlight=False)
    else:
        verdict = "yes" if found.recomputed_equal else "NO"
        OUT.print(f"\nEverything is the same when worked out again: {verdict}", highlight=False)


def _figures(row: Worked) -> Rows:
    return [
        [name, _figure(name, row.recorded[name]), _figure(name, value), name not in row.differences]
        for name, value in row.recomputed.items()
    ]


def _figure(name: str, value: Any) -> str:
    if name.endswith("_paise") and isinstance(value, int):
        return rupees(value)
    return value if isinstance(value, str) else canonical_json(value).decode()


def _payments(found: Payments) -> None:
    columns = [
        "seq",
        "happened (UTC)",
        "payment",
        "what",
        "amount ₹",
        "change ₹",
        "left of it ₹",
        "balance ₹",
        "by",
        "reference",
    ]
    rows = [
        [
            row.seq,
            row.occurred_at,
            row.payment_id,
            row.what,
            rupees(row.amount_paise),
            rupees(row.change_paise),
            rupees(row.available_paise),
            rupees(row.balance_paise),
            row.mode,
            row.reference,
        ]
        for row in found.rows
    ]
    _print("What payment applied", columns, rows, right=["seq"])
    names = ("captured", "allocated", "refunded_or_reserved", "forfeited", "reversed", "dispute_lost", "available")
    sums = [[name.replace("_", " "), rupees(getattr(found, f"{name}_paise"))] for name in names]
    _print("Of which", ["", "paise ₹"], sums)


def _refunds(found: Refunds) -> None:
    columns = [
        "refund",
        "state",
        "amount ₹",
        "reason",
        "asked by",
        "approved by",
        "processed (UTC)",
        "took",
        "reference",
        "settled in",
    ]
    rows = [
        [
            row.refund_id,
            row.state,
            rupees(row.amount_paise),
            row.reason,
            row.requested_by,
            row.approved_by,
            row.processed_at,
            None if row.tat_seconds is None else duration(row.tat_seconds),
            row.arn_or_rrn or row.gateway_refund_id,
            row.settlement.settlement_id if row.settlement else None,
        ]
        for row in found.rows
    ]
    _print("What was refunded", columns, rows)


def _forfeits(found: Forfeits) -> None:
    columns = ["forfeit", "basis", "policy", "amount ₹", "of it GST ₹", "kept ₹", "forfeited (UTC)", "reversed (UTC)"]
    rows = [
        [
            row.forfeit_id,
            row.basis,
            row.policy_version_id,
            rupees(row.amount_paise),
            rupees(row.gst_paise),
            rupees(row.kept_paise),
            row.occurred_at,
            row.reversed_at,
        ]
        for row in found.rows
    ]
    _print("What was forfeited", columns, rows)
    legs = [
        [leg.seq, leg.posting, f"{leg.account} {leg.account_name}", leg.side, rupees(leg.amount_paise), leg.branch_id]
        for row in found.rows
        for leg in row.entries or ()
    ]
    if any(row.entries is None for row in found.rows):
        OUT.print("\nThe published books do not reach to all of it; run `mymedic build`.", highlight=False)
    if legs:
        _print("In the books", ["seq", "posting", "account", "side", "amount ₹", "branch"], legs, right=["seq"])


_SHOWN: dict[str, Callable[[Any], None]] = {
    "events": _events,
    "timeline": _timeline,
    "order": _order,
    "initiators": _initiators,
    "changes": _changes,
    "policies": _policies,
    "payments": _payments,
    "refunds": _refunds,
    "forfeits": _forfeits,
}
