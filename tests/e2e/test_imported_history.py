"""Real appointments and synthetic billing come in as events; one warehouse gives their numbers back, cell by cell."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from event_store.store import open_store
from exports.finance.read import EVERYTHING, extract
from exports.finance.surfaces import REPORTS
from exports.warehouse import opened
from integrations.history.inbound import ImportReport, import_appointments, import_billing
from integrations.history.mapping import load_billing_mapping, load_mapping
from mymedic.settings import Settings
from pipelines.build import BuildReport
from tests.worlds import build

TENANT = "ten_noshow"
BILLING_TENANT = "ten_synthea"
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
MAPPING = HOW_TO / "import-appointments" / "noshow.toml"
BILLING_MAPPING = HOW_TO / "import-billing" / "synthea.toml"
BOOKED_AFTER_THEIR_DAY = {"5655637", "5664962", "5679978", "5686628", "5715660"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("noshow")


@pytest.fixture(scope="module")
def file(shared_data: Path) -> Path:
    return shared_data / "noshow" / "KaggleV2-May-2016.csv.zip"


@pytest.fixture(scope="module")
def imported(file: Path, home: Path) -> ImportReport:
    with open_store(Settings(home=home)) as store:
        return import_appointments(store.handler, file, load_mapping(MAPPING), home / "findings")


@pytest.fixture(scope="module")
def transactions(shared_data: Path) -> Path:
    return shared_data / "synthea" / "claims_transactions.csv"


@pytest.fixture(scope="module")
def billed(transactions: Path, home: Path) -> ImportReport:
    with open_store(Settings(home=home)) as store:
        return import_billing(store.handler, transactions, load_billing_mapping(BILLING_MAPPING), home / "findings")


@pytest.fixture(scope="module")
def built(imported: ImportReport, billed: ImportReport, home: Path) -> BuildReport:
    return build(home, [TENANT, BILLING_TENANT])


@pytest.fixture(scope="module")
def warehouse(built: BuildReport) -> Path:
    return built.published[TENANT].path


@pytest.fixture(scope="module")
def billing_warehouse(built: BuildReport) -> Path:
    return built.published[BILLING_TENANT].path


def findings(path: Path | None) -> list[dict[str, str]]:
    assert path is not None
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_accounted_for(imported: ImportReport) -> None:
    assert (imported.read, imported.accepted, imported.rejected, imported.warnings) == (110_527, 110_522, 5, 1)


def test_bookings_after_their_day_are_rejected_with_their_place(imported: ImportReport, file: Path) -> None:
    rejected = findings(imported.rejects_file)
    assert {row["code"] for row in rejected} == {"BOOKED_AFTER_START"}
    assert {row["column"] for row in rejected} == {"ScheduledDay"}
    with zipfile.ZipFile(file) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    assert {lines[int(row["row"]) - 1].split(",")[1] for row in rejected} == BOOKED_AFTER_THEIR_DAY


def test_an_age_below_nought_is_a_warning(imported: ImportReport) -> None:
    (warning,) = findings(imported.warnings_file)
    assert (warning["column"], warning["message"]) == ("Age", "-1 is below 0")


def test_the_mart_gives_the_totals(warehouse: Path, file: Path) -> None:
    with opened(warehouse) as connection:
        totals = connection.execute(
            "SELECT sum(n)::BIGINT, sum(noshow_n)::BIGINT, sum(kept_n)::BIGINT, count(DISTINCT branch_id)"
            " FROM mart_noshow_patterns"
        ).fetchall()
        patients = connection.execute(
            "SELECT count(DISTINCT patient_key) FROM fct_appointment WHERE tenant_id = ?", (TENANT,)
        ).fetchall()
        times = connection.execute("SELECT DISTINCT time_band FROM mart_noshow_patterns").fetchall()
        days = connection.execute("SELECT count(DISTINCT business_date) FROM mart_noshow_patterns").fetchall()
    assert totals == [(110_522, 22_314, 88_208, 81)]
    assert patients == [(len({row["PatientId"] for row in _rows(file) if not _is_rejected(row)}),)]
    assert times == [("unknown",)]  # only the day is known, and stays so
    assert days == [(27,)]


def test_the_mart_is_right_for_each_branch(warehouse: Path, imported: ImportReport, file: Path) -> None:
    with (file.parent / "expected_by_neighbourhood.csv").open(encoding="utf-8", newline="") as expected_file:
        expected = {
            row["neighbourhood"]: [int(row["appointments"]), int(row["no_shows"])]
            for row in csv.DictReader(expected_file)
        }
    for row in filter(_is_rejected, _rows(file)):
        expected[row["Neighbourhood"]][0] -= 1
        expected[row["Neighbourhood"]][1] -= row["No-show"] == "Yes"
    with opened(warehouse) as connection:
        rows = connection.execute(
            "SELECT branch.name, sum(mart.n)::BIGINT, sum(mart.noshow_n)::BIGINT FROM mart_noshow_patterns mart"
            " JOIN dim_branch branch ON branch.tenant_id = mart.tenant_id AND branch.branch_id = mart.branch_id"
            " AND branch.is_current GROUP BY 1"
        ).fetchall()
    assert {name: [n, noshows] for name, n, noshows in rows} == expected


def test_importing_again_adds_nothing(imported: ImportReport, file: Path, home: Path) -> None:
    with open_store(Settings(home=home)) as store:
        before = store.feed.head(TENANT)
        again = import_appointments(store.handler, file, load_mapping(MAPPING), home / "again")
        assert store.feed.head(TENANT) == before
    assert (again.read, again.accepted, again.already_known, again.rejected) == (110_527, 110_522, 110_522, 5)


def test_the_bills_give_the_totals(billed: ImportReport, billing_warehouse: Path) -> None:
    assert (billed.read, billed.accepted, billed.rejected) == (5_228, 5_228, 0)
    with opened(billing_warehouse) as connection:
        lines = connection.execute(
            "SELECT kind, count(*), sum(amount_paise)::BIGINT FROM fct_imported_billing GROUP BY 1 ORDER BY 1"
        ).fetchall()
        bills = connection.execute(
            "SELECT count(*), sum(charged_paise)::BIGINT, sum(paid_paise)::BIGINT, sum(transferred_in_paise)::BIGINT,"
            " sum(transferred_out_paise)::BIGINT FROM mart_imported_billing"
        ).fetchall()
    assert lines == [
        ("charge", 1_545, 109_240_273),
        ("payment", 1_843, 110_350_395),
        ("transfer_in", 920, 55_712_552),
        ("transfer_out", 920, 55_712_552),
    ]
    assert bills == [(1_267, 109_240_273, 110_350_395, 55_712_552, 55_712_552)]


def test_the_over_collected_claims_are_listed(billing_warehouse: Path, transactions: Path) -> None:
    """Claim by claim, against the file added up here: what was paid beyond charges and transfers."""
    amount = {"CHARGE": "AMOUNT", "PAYMENT": "PAYMENTS", "TRANSFERIN": "AMOUNT", "TRANSFEROUT": "TRANSFERS"}
    too_much: dict[str, Decimal] = defaultdict(Decimal)
    with transactions.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            sign = 1 if row["TYPE"] in ("PAYMENT", "TRANSFEROUT") else -1
            too_much[row["CLAIMID"]] += sign * Decimal(row[amount[row["TYPE"]]])
    with (transactions.parent / "claims.csv").open(encoding="utf-8", newline="") as text:
        assert {row["Id"] for row in csv.DictReader(text)} == too_much.keys()
    listed = extract(billing_warehouse, BILLING_TENANT, REPORTS["overcollected"], EVERYTHING).table.to_pylist()
    found = {row["bill_ref"]: row["over_collected_paise"] for row in listed}
    assert found == {claim: int(amount * 100) for claim, amount in too_much.items() if amount > 0}
    assert (len(found), sum(found.values())) == (190, 1_110_122)


def test_importing_the_bills_again_adds_nothing(billed: ImportReport, transactions: Path, home: Path) -> None:
    with open_store(Settings(home=home)) as store:
        before = store.feed.head(BILLING_TENANT)
        again = import_billing(store.handler, transactions, load_billing_mapping(BILLING_MAPPING), home / "again")
        assert store.feed.head(BILLING_TENANT) == before
    assert (again.read, again.accepted, again.already_known) == (5_228, 5_228, 5_228)


def _rows(file: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(file) as archive:
        text = io.TextIOWrapper(archive.open(archive.namelist()[0]), encoding="utf-8", newline="")
        return list(csv.DictReader(text))


def _is_rejected(row: dict[str, str]) -> bool:
    return row["AppointmentID"] in BOOKED_AFTER_THEIR_DAY
