"""A random month in the marts against the naive oracle, cell by cell (DOMAIN §5.3, B1 and B4)."""

from __future__ import annotations

from datetime import timedelta

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.warehouse.clinic import Clinic
from tests.integration.warehouse.rig import compiled_sql
from tests.property.appointments.month import START
from tests.property.appointments.oracle import Visit, attendance, leakage, pairs, read

# One warehouse for all of these.
OFFSET = timedelta(minutes=330)


def test_the_month_is_worth_asking_about(month: Clinic) -> None:
    books = read(month.events)
    roles = [pair.role for pair in pairs(list(books.visits.values()))]
    assert roles.count("backfill") >= 20 and roles.count("rebooking") >= 20
    lost = [visit for visit in books.visits.values() if visit.status in ("cancelled", "noshow")]
    assert {visit.was_full for visit in lost} == {True, False}


def test_leakage_equals_the_oracle(warehouse: duckdb.DuckDBPyConnection, month: Clinic) -> None:
    found = warehouse.execute(
        """
        select business_date, branch_id, initiator, outcome, sum(n), sum(scheduled_value_paise),
            sum(lost_value_paise), sum(backfill_value_paise), sum(rebooked_value_paise), sum(vacated_by_reschedule_n)
        from mart_cancellation_leakage group by all
        """
    ).fetchall()
    assert {row[:4]: [int(figure) for figure in row[4:]] for row in found} == leakage(read(month.events), OFFSET)


def test_attendance_equals_the_oracle(warehouse: duckdb.DuckDBPyConnection, month: Clinic) -> None:
    found = warehouse.execute(
        "select business_date, branch_id, sum(n), sum(kept_n), sum(noshow_n), sum(cancelled_n)"
        " from mart_noshow_patterns group by all"
    ).fetchall()
    assert {row[:2]: [int(figure) for figure in row[2:]] for row in found} == attendance(read(month.events), OFFSET)


@st.composite
def histories(draw: st.DrawFn) -> list[Visit]:
    """Visits that crowd: two slots, two patients, instants a few hours or a fortnight apart."""
    visits = []
    size = draw(st.integers(2, 12))
    ended_seqs = draw(st.permutations(range(0, 4 * size, 2)))
    for seq in range(size):
        at = START + timedelta(hours=draw(st.integers(0, 4)), days=draw(st.sampled_from([0, 0, 13, 14, 15])))
        status = draw(st.sampled_from(["fulfilled", "fulfilled", "cancelled", "noshow"]))
        visits.append(
            Visit(
                appointment_id=f"appt_{seq:02d}",
                patient=draw(st.sampled_from(["pat_1", "pat_2"])),
                specialty="spc_derm",
                slot_id=draw(st.sampled_from(["slot_1", "slot_2"])),
                branch_id="brn_1",
                start_at=START,
                price=draw(st.sampled_from([100, 200, 300])),
                booked=(at, 2 * seq + 1),
                status=status,
                ended=(at + timedelta(hours=draw(st.integers(0, 3))), ended_seqs[seq]),
                was_full=draw(st.booleans()),
            )
        )
    return visits


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visits=histories())
def test_the_greedy_pairing_equals_the_oracle(warehouse: duckdb.DuckDBPyConnection, visits: list[Visit]) -> None:
    """The compiled SQL of fct_vacancy_refill over tables that Hypothesis writes."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; attach ':memory:' as warehouse")
        connection.execute(
            "create table warehouse.main.fct_vacancy as select * from (values (1, '', '', '', '', now(), 1, 1, true))"
            " as row(tenant_id, appointment_id, slot_id, patient_key, specialty_id, released_at, released_seq,"
            " price_quoted_paise, is_displaceable) where false"
        )
        connection.execute(
            "create table warehouse.main.fct_appointment as select * from (values (1, '', '', '', '', '', now(), 1, 1,"
            " 1)) as row(tenant_id, appointment_id, slot_id, patient_key, specialty_id, final_status, booked_at,"
            " booked_seq, first_seq, price_quoted_paise) where false"
        )
        for tenant in (1, 2):
            for visit in visits:
                assert visit.booked is not None and visit.ended is not None
                who = (tenant, visit.appointment_id, visit.slot_id, visit.patient, visit.specialty)
                if visit.status == "fulfilled":
                    connection.execute(
                        "insert into warehouse.main.fct_appointment values (?, ?, ?, ?, ?, 'fulfilled', ?, ?, 1, ?)",
                        (*who, *visit.booked, visit.price),
                    )
                else:
                    connection.execute(
                        "insert into warehouse.main.fct_vacancy values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (*who, *visit.ended, visit.price, visit.was_full),
                    )
        candidates, sql = compiled_sql("fct_refill_candidate"), compiled_sql("fct_vacancy_refill")
        connection.execute(f"create table warehouse.main.fct_refill_candidate as {candidates}")
        found = connection.execute(
            f"select tenant_id, role, appointment_id, refill_appointment_id, value_paise from ({sql})"
        ).fetchall()
    for tenant in (1, 2):
        assert {row[1:] for row in found if row[0] == tenant} == {tuple(pair) for pair in pairs(visits)}
