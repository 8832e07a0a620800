"""A refund that is too large for the rule is approved by a person, and paid: else it would be owed for ever."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from event_store.aggregates.payment.events import RefundApproved
from event_store.feed import open_feed
from mymedic.settings import Settings
from simulator.draws import Table
from simulator.profile import load
from simulator.run import simulate
from tests.unit.simulator.conftest import MICRO


def test_bills_large_and_small_are_taken_back_whole(tmp_path: Path) -> None:
    profile = load(MICRO)
    payment = replace(profile.payment, corrected=0.3, corrected_bps=Table([(10_000, 1)]))
    dear = [replace(row, price_index=400) for row in profile.city]
    report = simulate(
        replace(profile, payment=payment, city=dear), Settings(home=tmp_path, ledger_url=None), faults="none"
    )
    with open_feed(Settings(home=tmp_path)) as feed:
        approvals = [
            recorded
            for tenant_id in report.tenants
            for recorded in feed.read(tenant_id, 0, 100_000)
            if isinstance(recorded.event, RefundApproved)
        ]
    assert {one.event.approval for one in approvals if isinstance(one.event, RefundApproved)} == {"auto", "manual"}
