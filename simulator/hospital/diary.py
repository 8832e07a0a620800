"""What the hospital's people share: its tables, its place on the agenda up to the last day played, its way to ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from mymedic.messages import Actor, Command, EntryChannel
from simulator.books.stays import Stay
from simulator.draws import Dice
from simulator.hospital.tables import HospitalTable
from simulator.stage import House

HIS = Actor(type="integration", id="integration:his", roles=("IN",))


class Diary:
    """Stays go on after the last visit, and claims for months: what comes too late for this run is not played."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.table: HospitalTable = house.stage.profile.hospital
        self._until = house.stage.end + timedelta(days=self.table.follow_days)

    def dice(self, purpose: str, *entity: Any) -> Dice:
        return self.house.stage.draws.of(purpose, self.house.tenant.id, *entity)

    def plan(self, after: timedelta, what: str, stay: Stay, action: Callable[[], None]) -> None:
        self.plan_at(self.house.now + after, what, stay, action)

    def plan_at(self, at: datetime, what: str, stay: Stay, action: Callable[[], None]) -> None:
        if at < self._until:
            self.house.plan(at, f"7 {what}", stay.id, action)

    def ask(self, actor: Actor, command: Command, *name: str, aggregate_id: str | None = None) -> None:
        tenant = self.house.tenant
        channel: EntryChannel = (
            "api" if actor.type == "integration" else "doctor_app" if actor.roles == ("DR",) else "console"
        )
        self.house.stage.desk.ask(tenant.id, actor, command, *name, channel=channel, aggregate_id=aggregate_id)
