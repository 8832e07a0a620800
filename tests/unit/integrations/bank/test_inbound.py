"""Bank statements handed in."""

from __future__ import annotations

from typing import Any

from integrations.bank.inbound import check_statement, ingest_statement
from integrations.ingest import IngestReport
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


def test_a_refused_statement_leaves_nothing_behind(clinic: Clinic) -> None:
    before = len(clinic.events())
    report = ingest(clinic, bank_csv(bank_row(100, 100), bank_row(100, 201)))
    assert report.status == "refused" and report.error is not None
    assert (report.error.code, report.error.details["row"]) == ("FILE_TOTAL_MISMATCH", 3)
    assert len(clinic.events()) == before
