"""A whole run: it repeats to the byte, says what it did, and its books hold together."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from event_store.feed import open_feed
from event_store.recorded import Recorded
from mymedic.errors import Refused
from mymedic.settings import Settings
from simulator.run import SimulationReport, unheard
from tests.unit.simulator.conftest import play
from tests.unit.simulator.fingerprint import fingerprint

ROOT = Path(__file__).parents[3]
CHAIN = "ten_micro_chain"
Micro = tuple[Path, SimulationReport]


def rows(home: Path, tenant_id: str, point: str, table: str) -> list[dict[str, Any]]:
    return json.loads((home / "truth" / tenant_id / point / f"{table}.json").read_bytes())


def events(home: Path, tenant_id: str) -> list[Recorded]:
    with open_feed(Settings(home=home, ledger_url=None)) as feed:
        return feed.read(tenant_id, 0, 100_000)


def test_a_second_run_is_the_same_to_the_byte(micro: Micro, tmp_path: Path) -> None:
    play(tmp_path)

    assert fingerprint(tmp_path) == fingerprint(micro[0])


def test_another_process_in_another_time_zone_gives_the_same(micro: Micro, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.unit.simulator.fingerprint", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TZ": "America/New_York", "PYTHONHASHSEED": "17", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert dict(line.split(" ", 1) for line in answer.stdout.splitlines()) == fingerprint(micro[0])


def test_another_seed_is_another_world(micro: Micro, tmp_path: Path) -> None:
    play(tmp_path, seed=4)

    assert fingerprint(tmp_path)[CHAIN] != fingerprint(micro[0])[CHAIN]


def test_the_report_counts_what_was_recorded(micro: Micro) -> None:
    home, report = micro

    assert report.tenants == [CHAIN, "ten_micro_clinic"]
    assert report.counts["events"] == sum(len(events(home, tenant_id)) for tenant_id in report.tenants)
    assert report.counts["appointments"] > 30
    assert report.counts["faults"] == 4
    assert list(report.as_of_points) == ["midpoint", "end", "settled"]
    assert report.as_of_points["end"] == datetime.fromisoformat("2026-08-05T18:29:59+00:00")


def test_nothing_is_recorded_outside_the_time_that_was_played(micro: Micro) -> None:
    home, report = micro
    for tenant_id in report.tenants:
        log = events(home, tenant_id)

        assert [event.seq for event in log] == list(range(1, len(log) + 1))
        assert all(earlier.recorded_at <= later.recorded_at for earlier, later in pairwise(log))
        assert log[0].recorded_at == datetime.fromisoformat("2026-08-02T03:30:00+00:00")
        assert log[-1].recorded_at < report.as_of_points["settled"]


def test_the_processes_moved_the_money_and_not_the_simulator(micro: Micro) -> None:
    home, _ = micro
    by_process = {"AppointmentHoldExpired", "InvoiceIssued", "PaymentAllocated", "RefundInitiated", "DepositForfeited"}

    for event in events(home, CHAIN):
        if event.event_type in by_process:
            assert event.actor.type == "system", event.event_type


def test_every_paisa_of_the_books_has_a_place(micro: Micro) -> None:
    home, report = micro
    for tenant_id in report.tenants:
        for point in report.as_of_points:
            for row in rows(home, tenant_id, point, "mart_branch_variance"):
                left = row["in_transit_paise"] + row["on_hold_paise"] + row["missing_paise"] + row["short_paise"]
                matched = row["evidenced_paise"] - row["over_paise"]
                drawn = row["cash_over_paise"] - row["cash_short_paise"]
                assert row["expected_paise"] == matched - drawn + left, row


def test_what_is_open_at_the_end_is_settled_later_or_a_fault(micro: Micro) -> None:
    home, report = micro
    at_end = Counter(row["class"] for tenant in report.tenants for row in rows(home, tenant, "end", "fct_recon_item"))
    settled = Counter(
        row["class"] for tenant in report.tenants for row in rows(home, tenant, "settled", "fct_recon_item")
    )

    assert at_end["in_transit"] > 0
    assert not {name for name in settled if name.endswith("in_transit")}
    assert settled["missing_settlement"] == settled["orphan_settlement"] == 1


def test_a_fault_is_in_the_books_where_the_truth_says(micro: Micro) -> None:
    home, _ = micro
    faults = {row["fault"]: row for row in json.loads((home / "truth" / CHAIN / "truth_fault.json").read_bytes())}
    items = {row["item_id"]: row for row in rows(home, CHAIN, "settled", "fct_recon_item")}

    missing = items[f"L1:payment:{faults['F01']['entity_ids'][0]}"]
    assert (missing["class"], missing["left_paise"]) == ("missing_settlement", faults["F01"]["amount_paise"])
    short = items[f"L4:session:{faults['F21']['entity_ids'][0]}"]
    assert (short["class"], short["variance_paise"]) == ("cash_short", -faults["F21"]["amount_paise"])


def test_an_occupied_store_is_not_played_into(micro: Micro) -> None:
    with pytest.raises(Refused) as refusal:
        play(micro[0])
    assert refusal.value.code == "ALREADY_EXISTS"


def test_what_is_left_undone_in_a_simulation_alarms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    reminders = logging.getLogger("processes.world")
    with unheard():
        reminders.warning("a claim of nobody's is overdue")
    assert caplog.messages == []
    reminders.warning("a claim is overdue")
    assert caplog.messages == ["a claim is overdue"]
