"""Write the books down: one JSON file per mart and point in time, and one with the faults."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from simulator.books.branch_variance import branch_variance
from simulator.books.cancellation_leakage import cancellation_leakage
from simulator.books.census import census
from simulator.books.chain_financial import chain_financial
from simulator.books.chain_variance import chain_variance
from simulator.books.claims_ageing import claims_ageing
from simulator.books.fee_audit import fee_audit
from simulator.books.followup_adherence import followup_adherence
from simulator.books.items import items
from simulator.books.leakage import leakage_metrics
from simulator.books.ledger_balance import ledger_days, trial_balance
from simulator.books.noshow_by_specialty import noshow_by_specialty
from simulator.books.noshow_patterns import noshow_patterns
from simulator.books.price_sensitivity import price_sensitivity
from simulator.books.procedure_conversion import procedure_conversion
from simulator.books.provider_yield import provider_yield
from simulator.books.recon_ageing import recon_ageing
from simulator.books.reconciliation import recon_items
from simulator.books.revenue_bridge import revenue_bridge
from simulator.books.settlement_report import settlement_report
from simulator.calendar import day_of
from simulator.doors import Doors
from simulator.faults import NAMES
from simulator.fees import Fees
from simulator.stage import House


def truth(house: House, doors: Doors, as_of: datetime) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, as they must be on a day's last second; the table named after a mart is that mart's truth."""
    ledger, tenant, today = house.ledger, house.tenant, day_of(as_of)
    found = items(house, doors, today)
    return {
        "fct_recon_item": recon_items(tenant.id, found, today),
        "mart_settlement_report": settlement_report(tenant.id, ledger.batches, found, today),
        "mart_branch_variance": branch_variance(tenant.id, found, ledger.receipts, ledger.refunds, today),
        "mart_leakage_metrics": leakage_metrics(tenant, ledger, found, as_of),
        "mart_recon_ageing": recon_ageing(tenant.id, found, today),
        "mart_gateway_fee_audit": fee_audit(tenant.id, found, Fees(house.stage.profile.fees)),
        "mart_cancellation_leakage": cancellation_leakage(tenant, ledger.visits),
        "mart_procedure_conversion": procedure_conversion(tenant, ledger.advices, as_of),
        "mart_followup_adherence": followup_adherence(tenant, ledger.followups, today),
        "mart_noshow_patterns": noshow_patterns(tenant, ledger.visits, as_of),
        "mart_noshow_by_specialty": noshow_by_specialty(tenant, ledger.visits, as_of),
        "mart_chain_financial": chain_financial(tenant, ledger.journal, ledger.receipts, found, today),
        "mart_trial_balance": trial_balance(tenant.id, ledger.journal, today),
        "ledger_days": ledger_days(tenant.id, ledger.journal),
        "mart_census": census(tenant.id, ledger.beds, ledger.visits, today),
        "mart_claims_ageing": claims_ageing(tenant.id, ledger.claims, today),
        "mart_price_sensitivity": price_sensitivity(tenant, ledger.visits, ledger.bills, today),
        "mart_chain_variance": chain_variance(house, found, as_of),
        "mart_revenue_bridge": revenue_bridge(house, as_of),
        "mart_provider_yield": provider_yield(house, as_of),
    }


def write_truth(folder: Path, house: House, doors: Doors, as_of: datetime) -> None:
    """`<folder>/<table>.json`, each a list of rows, with dates as ISO text."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in truth(house, doors, as_of).items():
        _write(folder / f"{table}.json", rows)


def write_faults(folder: Path, house: House) -> None:
    """`<folder>/truth_fault.json`: where each fault was put and what must become of it."""
    _write(
        folder / "truth_fault.json",
        [
            {
                "tenant_id": house.tenant.id,
                "fault_id": f"{fault.fault}-{fault.number}",
                "fault": fault.fault,
                "name": NAMES[fault.fault],
                "leg": fault.leg,
                "expected_class": fault.expected_class,
                "entity_ids": fault.entity_ids,
                "branch_id": fault.branch_id,
                "amount_paise": fault.amount_paise,
                "detected_from_as_of": fault.detected_from,
            }
            for fault in house.faults.placed
        ],
    )


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_bytes(msgspec.json.encode(rows))
