"""How much of the log a reader sees (DOMAIN §1.2, "Read: audit API"): which events, and what of them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from event_store.catalogue import todays_fields
from event_store.past import Pasts
from event_store.retention.identity import View, granted, require_tenant
from event_store.retention.keys import Vault
from mymedic.errors import Refused
from mymedic.messages import Actor

# AU and CM see every event, FN those of money, EN all of them without what they say.
AUDITORS = ("AU", "CM", "FN", "EN")
_ALL, _FINANCE = ("AU", "CM"), "FN"
FINANCIAL = "financial_gst"
# Keyed hashes tell who is who to whoever has another one: they are not shown, as they never land.
HASHES = frozenset({"phone_hash", "name_hash", "reason_hash"})
HASHED, MASKED = "[hashed]", "[masked]"
Sealed = Literal["[sealed]", "[shredded]"]


class Sight(Struct, frozen=True, kw_only=True):
    """`branches` None: every branch."""

    only_finance: bool = False
    sees_payload: bool = True
    branches: frozenset[str] | None = None

    def admits(self, row: dict[str, Any]) -> bool:
        """Whether an event is shown at all. What is of no branch is of all of them."""
        in_branch = self.branches is None or row["branch_id"] is None or row["branch_id"] in self.branches
        return in_branch and (not self.only_finance or FINANCIAL in row["retention_class"].split(","))

    def require_figures(self) -> None:
        """FORBIDDEN for who sees no payload: the answer would be made of nothing else."""
        if not self.sees_payload:
            raise Refused("FORBIDDEN", f"these answers are figures, and those are for {', '.join(AUDITORS[:3])}")


# Whoever sits at the installation itself, where the log lies open: every clear part, and no name.
OPERATOR = Sight()


def sight_of(view: View, actor: Actor) -> Sight:
    """What the actor's roles allow, as the log grants them now; FORBIDDEN for those who audit nothing."""
    require_tenant(view)
    actor = granted(view, actor, *AUDITORS)
    if not actor.has(*AUDITORS):
        raise Refused("FORBIDDEN", f"the log is read by {', '.join(AUDITORS)}")
    sees_all = actor.has(*_ALL)
    sees_finance = actor.has(_FINANCE)
    return Sight(
        only_finance=sees_finance and not sees_all,
        sees_payload=sees_all or sees_finance,
        branches=None if actor.branch_scope == "*" else frozenset(actor.branch_scope),
    )


def clear_part(row: dict[str, Any], pasts: Pasts) -> dict[str, Any]:
    """What an event says in clear, in today's shape: no name, whenever it was written, and no keyed hash."""
    stored = (row["event_type"], row["schema_version"], row["payload"])
    fields = todays_fields(*stored, pasts, row["tenant_id"], row["seq"])
    fields.pop("pii", None)  # what stood in clear in an old event
    return {name: HASHED if name in HASHES and fields[name] else fields[name] for name in sorted(fields)}


def sealed_part(row: dict[str, Any], vault: Vault) -> Sealed | None:
    """Whether an event has a sealed part. Of an erased person everything is `[shredded]`, at whatever instant."""
    subject = row["patient_id"] or row["stream_id"]
    if vault.destroyed_at(row["tenant_id"], subject) is not None:
        return "[shredded]"
    return "[sealed]" if row["pii_key_id"] is not None else None
