"""Settlement files handed in: accepted, duplicate, refused, checked, split, resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from event_store.aggregates.settlement_file.commands import SettlementLine
from integrations.gateway import inbound
from integrations.gateway.inbound import check_settlement, ingest_settlement, split_by_settlement
from integrations.ingest import IngestReport
from mymedic.messages import Actor
from tests.unit.event_store.settlement_file.lines import payment_line
from tests.unit.integrations.conftest import FINANCE, TENANT, Clinic
from tests.unit.integrations.gateway.files import api_file, api_item

FILE = api_file(api_item(), api_item(entity_id="pay_2"))


def ingest(clinic: Clinic, data: Any = FILE, **other: Any) -> IngestReport:
    fields: dict[str, Any] = {
        "file_name": "recon.json",
        "format": "razorpay_recon_api_v1",
        "gateway": "razorpay",
        "actor": FINANCE,
    }
    return ingest_settlement(clinic.later().desk, TENANT, data, **(fields | other))


def check(clinic: Clinic, data: Any = FILE) -> IngestReport:
    return check_settlement(
        clinic.later().desk, TENANT, data, "recon.json", "razorpay_recon_api_v1", "razorpay", FINANCE
    )


def test_the_real_sample_goes_in_from_its_folder(shared_data: Path, clinic: Clinic) -> None:
    report = ingest(clinic, shared_data / "razorpay" / "settlement_recon_sample.json", file_name=None)
    assert (report.status, report.rows, report.net_paise) == ("accepted", 4, -244_684)
    assert report.file_name == "settlement_recon_sample.json"
    lines = [one.event for one in clinic.events("SettlementLineRecorded")]
    assert sum(line.credit_paise - line.debit_paise for line in lines) == -244_684  # type: ignore[attr-defined]


def test_a_file_is_recorded_once(clinic: Clinic) -> None:
    first, again = ingest(clinic), ingest(clinic)
    assert (first.status, first.rows, first.rows_recorded, first.net_paise) == ("accepted", 2, 2, 488_200)
    assert again.status == "duplicate" and again.error is not None and again.error.code == "FILE_DUPLICATE"
    assert len(clinic.events("SettlementLineRecorded")) == 2


def test_the_same_command_again_is_answered_the_same(clinic: Clinic) -> None:
    ingest(clinic, command_id="cmd_of_the_client")
    again = ingest(clinic, command_id="cmd_of_the_client")
    assert (again.status, again.rows) == ("duplicate", 2)


def test_rows_of_an_earlier_file_are_counted(clinic: Clinic) -> None:
    ingest(clinic)
    report = ingest(clinic, api_file(api_item(), api_item(entity_id="pay_3")))
    assert (report.rows, report.rows_recorded, report.rows_redelivered) == (2, 1, 1)


def test_a_check_tells_what_would_happen_and_records_nothing(clinic: Clinic) -> None:
    before = len(clinic.events())
    report = check(clinic)
    assert (report.status, report.is_check, report.rows_recorded) == ("accepted", True, 2)
    assert len(clinic.events()) == before
    ingest(clinic)
    assert check(clinic).status == "duplicate"
    changed = check(clinic, api_file(api_item(amount=260_000, credit=254_100)))
    assert changed.error is not None and changed.error.code == "FILE_TOTAL_MISMATCH"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (api_file(api_item(currency="USD")), "CURRENCY_UNSUPPORTED"),
        (api_file(api_item(), api_item(amount=1, credit=1, fee=0, tax=0)), "FILE_TOTAL_MISMATCH"),
        (FILE[:-1], "FILE_BAD_HEADER"),
        ("no-such-file.json", "NOT_FOUND"),
    ],
)
def test_a_refused_file_leaves_nothing_behind(clinic: Clinic, data: Any, code: str) -> None:
    before = len(clinic.events())
    report = ingest(clinic, data)
    assert report.status == "refused" and report.error is not None and report.error.code == code
    assert report.error.details["file"]
    assert len(clinic.events()) == before


def test_after_a_refusal_the_mended_circumstances_are_looked_at_anew(clinic: Clinic) -> None:
    """A refusal is not held against the same file for ever."""
    outsider = Actor(type="user", id="stf_desk", roles=("FD",))
    assert ingest(clinic, actor=outsider).error.code == "FORBIDDEN"  # type: ignore[union-attr]
    assert ingest(clinic).status == "accepted"


@pytest.mark.parametrize("gateway", ["razor pay", "a#b", "", "x" * 65])
def test_a_gateway_is_named_by_an_id(clinic: Clinic, gateway: str) -> None:
    report = ingest(clinic, gateway=gateway)
    assert report.error is not None and report.error.code == "VALIDATION_FAILED"


def test_a_huge_file_is_refused_before_it_is_read(clinic: Clinic, tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    report = ingest(clinic, huge)
    assert report.error is not None and report.error.code == "BODY_TOO_LARGE"


def many(*settlements: str) -> bytes:
    return api_file(*[api_item(entity_id=f"pay_{n}", settlement_id=id) for n, id in enumerate(settlements)])


def test_a_large_file_goes_in_by_settlements(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound.split_by_settlement, "__defaults__", (3,))
    data = many("setl_B", "setl_A", "setl_A", "setl_B", "setl_C", "setl_C")
    report = ingest(clinic, data)
    assert [part.rows for part in report.parts] == [2, 2, 2]
    assert (report.status, report.rows_recorded) == ("accepted", 6)
    assert ingest(clinic, data).status == "duplicate"
    assert len(clinic.events("SettlementFileIngested")) == 3


def test_a_bad_part_keeps_the_good_ones_out(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(clinic, api_file(api_item(entity_id="pay_5", settlement_id="setl_C", amount=9, credit=9, fee=0, tax=0)))
    before = len(clinic.events())
    monkeypatch.setattr(inbound.split_by_settlement, "__defaults__", (3,))
    report = ingest(clinic, many("setl_B", "setl_A", "setl_A", "setl_B", "setl_C", "setl_C"))
    assert report.status == "refused" and report.error is not None and report.error.code == "FILE_TOTAL_MISMATCH"
    assert len(clinic.events()) == before


def test_an_interrupted_file_is_finished_by_handing_it_in_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound.split_by_settlement, "__defaults__", (3,))
    data = many("setl_B", "setl_A", "setl_A", "setl_B", "setl_C", "setl_C")
    sound, calls = clinic.desk.submit, []

    def interrupted(envelope: Any) -> Any:
        calls.append(envelope)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return sound(envelope)

    monkeypatch.setattr(clinic.desk, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ingest(clinic, data)
    monkeypatch.setattr(clinic.desk, "submit", sound)
    report = ingest(clinic, data)
    assert [part.status for part in report.parts] == ["duplicate", "accepted", "accepted"]
    assert report.status == "accepted"
    assert len(clinic.events("SettlementLineRecorded")) == 6


def test_a_settlement_larger_than_a_part_is_cut() -> None:
    lines: tuple[SettlementLine, ...] = tuple(payment_line(f"pay_{n}", row=n) for n in range(8))
    parts = split_by_settlement(lines, 3)
    assert [len(part) for part in parts] == [3, 3, 2]
    assert sum(parts, ()) == lines


def test_a_batch_is_a_desk_too(clinic: Clinic) -> None:
    with clinic.desk.batch() as batch:
        report = ingest_settlement(batch, TENANT, FILE, "recon.json", "razorpay_recon_api_v1", "razorpay", FINANCE)
        assert (report.status, report.rows_recorded) == ("accepted", 2)
    assert len(clinic.events("SettlementLineRecorded")) == 2
