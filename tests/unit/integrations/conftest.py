"""A clinic chain with an empty store, for the doors to bring things into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from event_store.aggregates.tenant.commands import RegisterTenant
from event_store.ledger import open_ledger
from event_store.recorded import Recorded
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.messages import Actor, Command, Envelope

TENANT = "ten_doors"
FINANCE = Actor(type="user", id="stf_finance", roles=("FN",))


@dataclass
class Clinic:
    """The store with a clock that the test moves."""

    store: Store
    clock: ManualClock
    commands: int = 0

    @property
    def desk(self) -> Any:
        return self.store.handler

    def later(self, **by: int) -> Clinic:
        """The same clinic, a moment later: two hand-ins at one instant would be one."""
        self.clock.move_to(self.clock.now() + timedelta(**(by or {"seconds": 1})))
        return self

    def ask(self, command: Command, *roles: Any, id: str | None = None) -> Any:
        """Send one command; it must be accepted."""
        self.commands += 1
        ack = self.desk.submit(
            Envelope(
                command=command,
                command_id=f"cmd_test_{self.commands}",
                tenant_id=TENANT,
                actor=Actor(type="user", id=f"stf_{roles[0].lower()}", roles=roles),
                issued_at=self.clock.now(),
                aggregate_id=id,
            )
        )
        assert ack.error is None, ack.error
        return ack

    def events(self, *types: str) -> list[Recorded]:
        """What is in the log, in order; only these types when some are named."""
        return [one for one in self.store.feed.read(TENANT, 0, 100_000) if not types or one.event_type in types]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    clock = ManualClock(datetime(2026, 11, 6, 4, 30, tzinfo=UTC))
    vault = Vault(tmp_path / "keys.sqlite", bytes(32))
    with assemble(open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}"), vault, clock, DerivedIds()) as store:
        opened = Clinic(store, clock)
        opened.ask(RegisterTenant(name="Doors", kind="chain", state_code="MH"), "EN", id=TENANT)
        yield opened
