"""Appointments and their money from events to marts: DOMAIN §13 and the edges of B1, B4 and B5 in one small chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import msgspec
import pytest

from event_store.aggregates.appointment.events import AppointmentEnteredInError, AppointmentHoldExpired
from event_store.aggregates.branch.events import BranchUpdated
from event_store.aggregates.invoice.events import InvoiceIssued, InvoiceLine
from event_store.aggregates.payment.events import (
    DepositForfeited,
    DepositForfeitReversed,
    PaymentAllocated,
    RefundApproved,
    RefundInitiated,
    RefundProcessed,
    RefundRequested,
)
from event_store.aggregates.tenant.events import Calendar, SettingsPatch, TenantSettingsChanged
from mymedic import policies
from mymedic.clock import zone
from tests.integration.warehouse.clinic import Clinic, ist
from tests.integration.warehouse.rig import build_warehouse, new_folder, opened, patient_key, run_project

# One warehouse for all of these.
Row = dict[str, Any]


def chain() -> Clinic:
    """The golden cancellation at brn_1 on 3 November; the edges on the days around it."""
    clinic = Clinic()
    settings = SettingsPatch(
        calendar=Calendar(holidays=(date(2026, 11, 10),)), effective_from=date(2026, 11, 5), recon_grace_days=2
    )
    clinic.add("tenant", "ten_test", TenantSettingsChanged(patch=settings), clinic.since)
    golden(clinic)
    edges(clinic)
    history(clinic)
    return clinic


def golden(clinic: Clinic) -> None:
    slot = clinic.slot("slot_gold", ist(11, 3, 18))
    clinic.hold("appt_gold", slot, ist(11, 2, 10), deposit_required_paise=40_000, patient_id="pat_gold")
    clinic.capture("pay_gold", 40_000, ist(11, 2, 10, 2), appointment_id="appt_gold", purpose="deposit")
    clinic.book(
        "appt_gold",
        slot,
        ist(11, 2, 10, 3),
        deposit_required_paise=40_000,
        deposit_paid_paise=40_000,
        patient_id="pat_gold",
    )
    clinic.cancel("appt_gold", ist(11, 3, 13), forfeit=20_000)
    forfeit = DepositForfeited(
        forfeit_id="ffd_gold",
        appointment_id="appt_gold",
        amount_paise=20_000,
        gst_paise=0,
        basis="late_cancel",
        policy_version_id="pol_default_cancellation",
    )
    clinic.add("payment", "pay_gold", forfeit, ist(11, 3, 13))
    refund(clinic, "pay_gold", "rfd_gold", 20_000)


def refund(clinic: Clinic, payment_id: str, refund_id: str, amount: int) -> None:
    requested = RefundRequested(refund_id=refund_id, amount_paise=amount, reason="policy_cancel", destination="source")
    clinic.add("payment", payment_id, requested, ist(11, 3, 13))
    clinic.add("payment", payment_id, RefundApproved(refund_id=refund_id, approval="auto"), ist(11, 3, 13))
    clinic.add("payment", payment_id, RefundInitiated(refund_id=refund_id, attempt=1, speed="normal"), ist(11, 4, 9))
    processed = RefundProcessed(
        refund_id=refund_id, amount_paise=amount, destination="source", processed_at=ist(11, 4, 9)
    )
    clinic.add("payment", payment_id, processed, ist(11, 4, 9))


def edges(clinic: Clinic) -> None:
    # a slot for two that was not full: the later booking did not need the freed token
    roomy = clinic.slot("slot_roomy", ist(11, 4, 10), capacity=2)
    clinic.book("appt_free_place", roomy, ist(11, 1))
    clinic.cancel("appt_free_place", ist(11, 3, 9))
    clinic.book("appt_after_free_place", roomy, ist(11, 3, 10))
    clinic.fulfil("appt_after_free_place")
    # left without being seen after check-in: kept for attendance, lost for money
    clinic.book("appt_lwbs", clinic.slot("slot_lwbs", ist(11, 5, 10)), ist(11, 4))
    clinic.check_in("appt_lwbs")
    clinic.cancel("appt_lwbs", ist(11, 5, 10, 40), reason="lwbs")
    # a no-show that was taken back, its forfeit with it
    clinic.book("appt_late", clinic.slot("slot_late", ist(11, 6, 10)), ist(11, 4), patient_id="pat_late")
    clinic.capture("pay_late", 40_000, ist(11, 6), appointment_id="appt_late", patient_id="pat_late")
    clinic.no_show("appt_late")
    forfeit = {"forfeit_id": "ffd_late", "amount_paise": 11_800, "gst_paise": 1_800}
    policy = {"basis": "no_show", "policy_version_id": "pol_default_cancellation"}
    taken = DepositForfeited(appointment_id="appt_late", **forfeit, **policy)  # type: ignore[arg-type]
    clinic.add("payment", "pay_late", taken, ist(11, 6, 11))
    clinic.reverse_no_show("appt_late")
    given_back = DepositForfeitReversed(reason="no-show reversed", **forfeit)  # type: ignore[arg-type]
    clinic.add("payment", "pay_late", given_back, ist(11, 6, 12))
    line = InvoiceLine(line_no=1, taxable_paise=40_000, gst_paise=0, total_paise=40_000)
    bill = {"total_paise": 40_000, "taxable_paise": 40_000, "gst_paise": 0, "lines": (line,)}
    of_whom = {"invoice_no": "1", "patient_id": "pat_late", "branch_id": "brn_1", "appointment_id": "appt_late"}
    clinic.add("invoice", "inv_1", InvoiceIssued(**of_whom, **bill), ist(11, 6, 13))  # type: ignore[arg-type]
    clinic.add(
        "payment",
        "pay_late",
        PaymentAllocated(allocation_id="alc_1", invoice_id="inv_1", amount_paise=40_000),
        ist(11, 6, 13),
    )
    # what counts nowhere
    clinic.hold("appt_expired", clinic.slot("slot_expired", ist(11, 6, 12)), ist(11, 4))
    clinic.add(
        "appointment", "appt_expired", AppointmentHoldExpired(slot_id="slot_expired", token_no=1), ist(11, 4, 10)
    )
    clinic.book("appt_error", clinic.slot("slot_error", ist(11, 6, 13)), ist(11, 4))
    clinic.add("appointment", "appt_error", AppointmentEnteredInError(reason="test"), ist(11, 4, 10))
    # moved by the patient to the other branch, which has moved to another city by then
    clinic.add("branch", "brn_2", BranchUpdated(city_id="cty_mumbai", effective_on=date(2026, 11, 7)), ist(11, 5))
    clinic.book("appt_moved", clinic.slot("slot_from", ist(11, 6, 14)), ist(11, 4))
    clinic.reschedule("appt_moved", clinic.slot("slot_to", ist(11, 7, 20), branch_id="brn_2"), ist(11, 5))
    clinic.book("appt_before_move", clinic.slot("slot_before", ist(11, 6, 20), branch_id="brn_2"), ist(11, 5))
    clinic.book("appt_provider", clinic.slot("slot_provider", ist(11, 9, 20), branch_id="brn_2"), ist(11, 5))
    clinic.cancel("appt_provider", ist(11, 8, 9), initiator="provider", reason="provider_leave")
    # still booked a day after its start
    clinic.book("appt_forgotten", clinic.slot("slot_forgotten", ist(11, 7, 9)), ist(11, 7, 8))
    clinic.add("branch", "brn_1", BranchUpdated(name="One", effective_on=date(2026, 11, 10)), ist(11, 9, 12))


def history(clinic: Clinic) -> None:
    clinic.import_("appt_old", date(2016, 5, 5), booked_at=ist(5, 1, 23, year=2016), outcome="noshow")
    clinic.import_("appt_old_kept", date(2016, 5, 5), booked_at=ist(5, 5, 8, year=2016))


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    # the models' own unit tests need a build around them, and this is one
    connection = opened(run_project(chain().events + poisoned().events, new_folder(), unit_tests=True))
    yield connection
    connection.close()


def poisoned() -> Clinic:
    """Another tenant's log with the same ids: slots, appointments, payments. It must change nothing."""
    clinic = Clinic("ten_poison")
    golden(clinic)
    clinic.book("appt_refill", "slot_gold", ist(11, 3, 14), patient_id="pat_gold")
    clinic.fulfil("appt_refill")
    return clinic


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[Row]:
    found = connection.execute(sql, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, one, strict=True)) for one in found.fetchall()]


def row(connection: duckdb.DuckDBPyConnection, table: str, **where: object) -> Row:
    clause = " and ".join(f"{name} = ?" for name in where)
    [found] = rows(connection, f"select * from {table} where tenant_id = 'ten_test' and {clause}", *where.values())
    return found


def test_the_golden_cancellation_leaks_what_the_example_says(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = row(warehouse, "mart_cancellation_leakage", business_date=date(2026, 11, 3), outcome="cancelled")
    assert found["initiator"] == "patient"
    assert found["scheduled_value_paise"] == found["lost_value_paise"] == 80_000
    assert (found["backfill_value_paise"], found["forfeit_net_paise"], found["leakage_paise"]) == (0, 20_000, 60_000)
    assert found["leakage_rate"] == 0.75


def test_another_tenants_booking_fills_no_slot(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(warehouse, "select * from fct_vacancy_refill where tenant_id = 'ten_test'") == []
    refills = rows(
        warehouse, "select role, value_paise from fct_vacancy_refill where tenant_id = 'ten_poison' order by 1"
    )
    assert refills == [{"role": "backfill", "value_paise": 80_000}, {"role": "rebooking", "value_paise": 80_000}]


def test_a_release_from_a_slot_with_room_is_not_backfilled(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert row(warehouse, "fct_vacancy", appointment_id="appt_free_place")["is_displaceable"] is False
    assert row(warehouse, "fct_vacancy", appointment_id="appt_gold")["is_displaceable"] is True


@pytest.mark.parametrize(
    ("appointment_id", "status", "attendance"),
    [
        ("appt_lwbs", "cancelled", "kept"),
        ("appt_late", "checked-in", "kept"),
        ("appt_gold", "cancelled", "cancelled"),
        ("appt_provider", "cancelled", "cancelled"),
        ("appt_forgotten", "booked", "unresolved"),
        ("appt_moved", "booked", "unresolved"),
        ("appt_old", "noshow", "noshow"),
        ("appt_error", "entered-in-error", "none"),
    ],
)
def test_attendance(warehouse: duckdb.DuckDBPyConnection, appointment_id: str, status: str, attendance: str) -> None:
    found = row(warehouse, "fct_appointment", appointment_id=appointment_id)
    assert (found["final_status"], found["attendance"]) == (status, attendance)


def test_a_reversed_forfeit_counts_for_nothing(warehouse: duckdb.DuckDBPyConnection) -> None:
    moves = rows(warehouse, "select kind, net_paise from fct_forfeit where forfeit_id = 'ffd_late' order by kind")
    assert moves == [{"kind": "forfeit", "net_paise": 10_000}, {"kind": "reversal", "net_paise": -10_000}]
    assert row(warehouse, "fct_payment", payment_id="pay_late")["available_paise"] == 0


def test_a_branch_has_the_city_of_the_day(warehouse: duckdb.DuckDBPyConnection) -> None:
    moved = row(warehouse, "fct_appointment", appointment_id="appt_moved")
    before = row(warehouse, "fct_appointment", appointment_id="appt_before_move")
    assert (moved["branch_id"], moved["city_id"], moved["reschedule_count_patient"]) == ("brn_2", "cty_mumbai", 1)
    assert (before["branch_id"], before["city_id"]) == ("brn_2", "cty_indore")


def test_history_known_to_the_day_stays_so(warehouse: duckdb.DuckDBPyConnection) -> None:
    old = row(warehouse, "fct_appointment", appointment_id="appt_old")
    assert old["final_start_at"] is None and old["lead_seconds_booking"] is None
    assert (old["time_precision"], old["lead_days_booking"], old["branch_id"]) == ("day", 4, "brn_old")
    patterns = rows(
        warehouse,
        "select time_band, lead_band, practitioner_id, specialty_id, n, noshow_n, decided_n"
        " from mart_noshow_patterns where branch_id = 'brn_old' order by lead_band",
    )
    assert [(one["lead_band"], one["noshow_n"], one["decided_n"]) for one in patterns] == [("0d", 0, 1), ("3-7d", 1, 1)]
    assert {(one["time_band"], one["practitioner_id"], one["specialty_id"]) for one in patterns} == {
        ("unknown", "-1", "-1")
    }


def test_bank_days_leave_out_sundays_two_saturdays_and_holidays(warehouse: duckdb.DuckDBPyConnection) -> None:
    days = rows(
        warehouse,
        "select date_on, is_bank_day, bank_day_number, fiscal_year, fiscal_quarter, week_start_on from dim_date"
        " where tenant_id = 'ten_test' and date_on between '2026-11-06' and '2026-11-15' order by date_on",
    )
    closed = [one["date_on"].day for one in days if not one["is_bank_day"]]
    assert closed == [8, 10, 14, 15]
    assert days[-1]["bank_day_number"] - days[0]["bank_day_number"] == 5
    assert {(one["fiscal_year"], one["fiscal_quarter"]) for one in days} == {("FY2026-27", 3)}
    assert days[0]["week_start_on"] == date(2026, 11, 2)


def test_a_payment_is_due_by_the_settings_of_its_day(warehouse: duckdb.DuckDBPyConnection) -> None:
    before, after = (row(warehouse, "fct_payment", payment_id=id) for id in ("pay_gold", "pay_late"))
    assert (before["due_on"], before["overdue_after_on"]) == (date(2026, 11, 4), date(2026, 11, 5))
    assert (after["due_on"], after["overdue_after_on"]) == (date(2026, 11, 9), date(2026, 11, 12))


@pytest.mark.parametrize("name", ["Asia/Kolkata", "Asia/Kathmandu", "America/Sao_Paulo", "UTC"])
def test_zones_have_the_offset_that_the_program_gives_them(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    [found] = rows(warehouse, "select utc_offset_minutes from time_zones where tz = ?", name)
    offset = zone(name).utcoffset(None)
    assert offset is not None and found["utc_offset_minutes"] * 60 == offset.total_seconds()


def test_default_policies_are_those_of_the_program(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = rows(warehouse, "SELECT kind, body FROM dim_policy WHERE scope_key = 'default' AND tenant_id = 'ten_test'")
    assert {row["kind"]: msgspec.json.decode(row["body"]) for row in found} == {
        kind: {name: value for name, value in msgspec.json.decode(msgspec.json.encode(body)).items() if name != "kind"}
        for kind, body in policies.DEFAULTS.items()
    }


KEYS = {
    "bed": "bed_id",
    "branch": "branch_id",
    "city": "city_id",
    "department": "department_id",
    "gateway_contract": "contract_sk",
    "patient": "patient_key",
    "payer": "payer_id",
    "payment_method": "payment_method_sk",
    "policy": "policy_version_id",
    "practitioner": "practitioner_id",
    "price": "price_version_id",
    "service": "service_id",
    "specialty": "specialty_id",
}


@pytest.mark.parametrize("dimension", KEYS)
def test_every_dimension_has_one_unknown_member(warehouse: duckdb.DuckDBPyConnection, dimension: str) -> None:
    unknown = f"SELECT * FROM dim_{dimension} WHERE tenant_id = 'ten_test' AND {KEYS[dimension]} = '-1'"
    assert len(rows(warehouse, unknown)) == 1


def test_a_price_that_the_log_does_not_tell_is_the_unknown_one(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert row(warehouse, "fct_appointment", appointment_id="appt_gold")["price_version_id"] == "-1"


def test_every_row_leads_back_to_its_events(warehouse: duckdb.DuckDBPyConnection) -> None:
    clinic = chain()
    for found in rows(warehouse, "select * from fct_appointment where tenant_id = 'ten_test'"):
        own = [event.seq for event in clinic.events if event.stream_id == f"appointment-{found['appointment_id']}"]
        assert (found["first_seq"], found["last_seq"]) == (min(own), max(own))


def test_patients_stand_under_pseudonyms(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert row(warehouse, "fct_appointment", appointment_id="appt_gold")["patient_key"] == patient_key("pat_gold")
    assert row(warehouse, "dim_patient", patient_key=patient_key("pat_gold"))["is_imputed"] is True


def test_chain_variance_adds_up(warehouse: duckdb.DuckDBPyConnection) -> None:
    """INV-V1 and INV-V2."""
    sums = rows(
        warehouse,
        """
        select sum(branch_num) - min(chain_num) as num, sum(branch_den) - min(chain_den) as den,
            max(chain_num) - min(chain_num) as one_chain,
            sum(branch_num * chain_den - branch_den * chain_num) as weighed
        from mart_chain_variance group by tenant_id, period_kind, period_start_on, metric
        """,
    )
    assert sums and all(set(one.values()) == {0} for one in sums)
    month = {"period_kind": "month", "period_start_on": date(2026, 11, 1)}
    refunds = row(warehouse, "mart_chain_variance", metric="refund_rate", **month)
    assert (refunds["branch_num"], refunds["branch_den"]) == (20_000, 80_000)
    covered = row(
        warehouse,
        "mart_chain_variance",
        period_kind="week",
        period_start_on=date(2026, 11, 2),
        metric="deposit_coverage",
    )
    assert (covered["branch_num"], covered["branch_den"]) == (40_000, 40_000)


def test_the_past_is_built_as_it_was_known() -> None:
    """As of the moment before the cancellation nothing is lost, and the deposit is whole."""
    connection = build_warehouse(chain().events, as_of=ist(11, 3, 12, 59))
    assert rows(connection, "select * from fct_vacancy where appointment_id = 'appt_gold'") == []
    payment = row(connection, "fct_payment", payment_id="pay_gold")
    assert (payment["captured_paise"], payment["available_paise"]) == (40_000, 40_000)
    assert row(connection, "fct_appointment", appointment_id="appt_gold")["attendance"] == "open"
    connection.close()
