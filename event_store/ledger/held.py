"""What a write transaction knows of guards: what it has changed, and what it has asked once already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from event_store.ledger.reads import GuardKey, Held, Reads

# Up to so many unwritten changes of one kind are looked through for a listing; more are written first.
OVERLAY_LIMIT = 200


class Guards:
    """Nobody else changes the guards of a tenant whose head is locked: an answer holds until the transaction ends."""

    def __init__(self) -> None:
        self._known: dict[GuardKey, Held | None] = {}
        self._listed: set[GuardKey] = set()
        self._unwritten: dict[tuple[str, str], dict[str, Held | None]] = {}
        self._released: dict[GuardKey, None] = {}

    def change(self, released: Iterable[GuardKey], claimed: Mapping[GuardKey, Held]) -> None:
        """Release, then claim; the caller has seen that what it claims is free."""
        for key in released:
            self._released[key] = None
            self._note(key, None)
        for key, held in claimed.items():
            self._note(key, held)

    def _note(self, key: GuardKey, held: Held | None) -> None:
        self._known[key] = held
        self._unwritten.setdefault(key[:2], {})[key[2]] = held

    def get(self, reads: Reads, key: GuardKey) -> Held | None:
        if not self._is_known(key):
            self._known[key] = Reads.guard(reads, key)
        return self._known.get(key)

    def _is_known(self, key: GuardKey) -> bool:
        """Asked or changed; or all guards with this value's prefix were listed, and it was not among them."""
        tenant_id, kind, value = key
        return key in self._known or (tenant_id, kind, value[: value.rfind("#") + 1]) in self._listed

    def taken(self, reads: Reads, keys: Sequence[GuardKey]) -> GuardKey | None:
        """The first of these that somebody holds."""
        unknown: dict[tuple[str, str], list[str]] = {}
        for key in keys:
            if not self._is_known(key):
                unknown.setdefault(key[:2], []).append(key[2])
        for (tenant_id, kind), values in unknown.items():
            found = {value: Held(*held) for value, *held in reads.guards_among(tenant_id, kind, values)}
            for value in values:
                self._known[tenant_id, kind, value] = found.get(value)
        return next((key for key in keys if self._known.get(key) is not None), None)

    def is_crowded(self, tenant_id: str, kind: str) -> bool:
        return len(self._unwritten.get((tenant_id, kind), ())) > OVERLAY_LIMIT

    def listing(self, reads: Reads, tenant_id: str, kind: str, prefix: str) -> list[tuple[str, str, str]]:
        """(value, holder, detail), ascending: the database's, with the changes that are not written yet."""
        rows = Reads.guards(reads, tenant_id, kind, prefix)
        held = {value: Held(holder, detail) for value, holder, detail in rows}
        for value, now in self._unwritten.get((tenant_id, kind), {}).items():
            if now is not None and value.startswith(prefix):
                held[value] = now
            elif now is None:
                held.pop(value, None)
        if prefix.endswith("#"):
            self._listed.add((tenant_id, kind, prefix))
            self._known.update({(tenant_id, kind, value): one for value, one in held.items()})
        return [(value, *held[value]) for value in sorted(held)]

    def take_released(self) -> list[GuardKey]:
        """What is to be deleted before anything is inserted."""
        released, self._released = list(self._released), {}
        return released

    def take_claimed(self) -> list[tuple[str, str, str, str, str]]:
        """Rows to insert: tenant, kind, value, holder, detail."""
        unwritten, self._unwritten = self._unwritten, {}
        return [
            (*place, value, *held)
            for place, each in unwritten.items()
            for value, held in each.items()
            if held is not None
        ]
