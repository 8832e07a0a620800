"""Bank statements handed in."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from event_store.aggregates.bank_statement.commands import IngestBankStatement
from integrations.bank.inbound import check_statement, ingest_statement
from integrations.ingest import IngestReport, envelopes
from mymedic.errors import Refused
from tests.unit.integrations.bank.files import bank_csv, bank_row
from tests.unit.integrations.conftest import FINANCE, TENANT, Clinic

FILE = bank_csv(bank_row(224_100, 224_100), bank_row(-100, 224_000, "SMS CHGS"))


def ingest(clinic: Clinic, data: Any = FILE, account: str = "acct_hdfc_1") -> IngestReport:
    return ingest_statement(clinic.later().desk, TENANT, data, "hdfc.csv", "bank_csv_v1", account, FINANCE)


def test_a_statement_is_recorded_once(clinic: Clinic) -> None:
    first, again = ingest(clinic), ingest(clinic)
    assert (first.status, first.rows_recorded, first.credit_paise, first.debit_paise) == ("accepted", 2, 224_100, 100)
    assert again.status == "duplicate" and again.error is not None and again.error.code == "FILE_DUPLICATE"
    assert len(clinic.events("BankLineRecorded")) == 2


def test_the_same_bytes_for_another_account_are_another_statement(clinic: Clinic) -> None:
    ingest(clinic)
    assert ingest(clinic, account="acct_icici_1").rows_recorded == 2


def test_an_overlapping_statement_brings_only_what_is_new(clinic: Clinic) -> None:
    ingest(clinic)
    later = bank_csv(bank_row(-100, 224_000, "SMS CHGS"), bank_row(500, 224_500))
    report = ingest(clinic, later)
    assert (report.rows, report.rows_recorded, report.rows_redelivered) == (2, 1, 1)


def test_narrations_are_sealed_apart(clinic: Clinic) -> None:
    ingest(clinic, bank_csv(bank_row(100, 100, "UPI/412345678901/ASHA RAO/asha@okaxis")))
    (line,) = clinic.events("BankLineRecorded")
    assert line.event.pii is None  # type: ignore[attr-defined]
    statement_id = line.stream_id.partition("-")[2]
    opened = clinic.desk.opened(TENANT, "bank_statement", statement_id, line.stream_version)
    assert opened.pii.narration == "UPI/412345678901/ASHA RAO/asha@okaxis"


def test_a_check_records_nothing(clinic: Clinic) -> None:
    before = len(clinic.events())
    report = check_statement(clinic.desk, TENANT, FILE, "hdfc.csv", "bank_csv_v1", "acct_hdfc_1", FINANCE)
    assert (report.status, report.is_check, report.rows_recorded) == ("accepted", True, 2)
    assert len(clinic.events()) == before


def test_a_day_far_ahead_is_taken_as_the_bank_wrote_it_and_noted(clinic: Clinic) -> None:
    data = bank_csv(bank_row(100, 100), bank_row(100, 200, value_date="2062-11-06"))
    checked = check_statement(clinic.desk, TENANT, data, "hdfc.csv", "bank_csv_v1", "acct_hdfc_1", FINANCE)
    (part,) = checked.parts
    assert part.status == "accepted" and part.note is not None and "row 3 is dated 2062-11-06" in part.note
    assert [one.note for one in ingest(clinic, data).parts] == [part.note]
    assert [one.note for one in ingest(clinic).parts] == [None]


def test_a_check_refuses_what_could_not_be_stored(clinic: Clinic) -> None:
    statement = IngestBankStatement(
        bank_account_id="acct_hdfc_1",
        format="bank_csv_v1",
        file_name="hdfc.csv",
        file_sha256="0" * 64,
        from_on=date.min,
        to_on=date.max,
        opening_paise=0,
        closing_paise=0,
        lines=(),
    )
    (envelope,) = envelopes(clinic.desk, TENANT, FINANCE, [statement], None, "here")
    with pytest.raises(Refused, match="years run from 1800 to 2199") as checked:
        clinic.desk.preview(envelope)
    assert clinic.desk.submit(envelope).error.code == checked.value.code == "VALIDATION_FAILED"


def test_a_refused_statement_leaves_nothing_behind(clinic: Clinic) -> None:
    before = len(clinic.events())
    report = ingest(clinic, bank_csv(bank_row(100, 100), bank_row(100, 201)))
    assert report.status == "refused" and report.error is not None
    assert (report.error.code, report.error.details["row"]) == ("FILE_TOTAL_MISMATCH", 3)
    assert len(clinic.events()) == before
