"""Settlement files become canonical lines, or a refusal that says where and what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.gateway.translate import RAZORPAY_CSV_HEADER, settlement_lines
from mymedic.errors import Refused
from tests.unit.integrations.gateway.files import (
    api_file,
    api_item,
    generic_csv,
    generic_row,
    razorpay_csv,
    razorpay_row,
)

API, CSV, GENERIC = "razorpay_recon_api_v1", "razorpay_recon_csv_v1", "generic_csv_v1"


def refusal_of(data: bytes, format: str, gateway: str = "razorpay") -> Refused:
    with pytest.raises(Refused) as refusal:
        settlement_lines(data, format, gateway, "recon.file")
    assert refusal.value.details["file"] == "recon.file"
    refusal.value.message.encode()  # or nobody can be told
    return refusal.value


def test_the_real_sample_nets_to_what_was_paid_out(shared_data: Path) -> None:
    data = (shared_data / "razorpay" / "settlement_recon_sample.json").read_bytes()
    lines = settlement_lines(data, API, "razorpay", "sample.json")
    assert sum(line.credit_paise - line.debit_paise for line in lines) == -244_684
    assert [line.entity_type for line in lines] == ["payment", "refund", "transfer", "adjustment"]
    assert {line.settlement_id for line in lines} == {"setl_DGlQ1Rj8os78Ec"}
    assert lines[2].fee_excl_paise == 250, "the API's fee of 296 holds 46 of tax"


def test_the_three_formats_say_the_same() -> None:
    (api,) = settlement_lines(api_file(api_item(created_at=1_793_775_600)), API, "razorpay", "a")
    (dashboard,) = settlement_lines(razorpay_csv(razorpay_row()), CSV, "razorpay", "b")
    (generic,) = settlement_lines(generic_csv(generic_row(entity_id="pay_1")), GENERIC, "pos_hdfc", "c")
    for line in (api, dashboard, generic):
        amounts = (line.amount_paise, line.fee_excl_paise, line.tax_paise, line.credit_paise, line.debit_paise)
        assert amounts == (250_000, 5_000, 900, 244_100, 0)
        assert (line.settled, line.on_hold, line.settlement_id) == (True, False, "setl_B")
    assert dashboard.created_at == generic.created_at == datetime(2026, 11, 4, 7, 0, tzinfo=UTC)
    assert dashboard.settled_at == generic.settled_at == datetime(2026, 11, 6, 4, 0, tzinfo=UTC)


def test_descriptions_of_payments_are_left_behind() -> None:
    """They may name a person; those of adjustments explain a penalty."""
    (payment,) = settlement_lines(razorpay_csv(razorpay_row()), CSV, "razorpay", "a")
    assert payment.description is None
    adjustment = api_item(type="adjustment", credit=1_012, fee=0, tax=0, description="Reserve released")
    (line,) = settlement_lines(api_file(adjustment), API, "razorpay", "a")
    assert line.description == "Reserve released"


def test_a_nullable_key_may_be_missing() -> None:
    item = api_item()
    del item["credit_type"], item["dispute_id"]
    assert len(settlement_lines(api_file(item), API, "razorpay", "a")) == 1


@pytest.mark.parametrize("data", [api_file(), razorpay_csv()])
def test_a_file_without_rows_has_no_lines(data: bytes) -> None:
    assert settlement_lines(data, API if data.startswith(b"{") else CSV, "razorpay", "a") == ()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_endings_and_a_byte_order_mark_change_nothing(end: str, mark: bytes) -> None:
    rows = [razorpay_row(), razorpay_row(entity_id="pay_2", order_notes='a "quoted"\r\nnote, in two lines')]
    lines = settlement_lines(mark + razorpay_csv(*rows, end=end), CSV, "razorpay", "a")
    assert [(line.row, line.entity_id) for line in lines] == [(2, "pay_1"), (3, "pay_2")]


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    """A quoted line break does not start a row, a blank row does."""
    first = razorpay_row(order_notes="two\nlines")
    data = razorpay_csv(first) + b"\r\n" + razorpay_csv(razorpay_row(amount="x")).split(b"\r\n", 1)[1]
    refusal = refusal_of(data, CSV)
    assert (refusal.details["row"], refusal.details["column"]) == (4, "amount")


@pytest.mark.parametrize(
    ("other", "code", "column", "hint"),
    [
        ({"amount": "2500.005"}, "FILE_BAD_AMOUNT", "amount", "sub_paise"),
        ({"amount": "25,00"}, "FILE_BAD_AMOUNT", "amount", "amount"),
        ({"amount": "2.500,00"}, "FILE_BAD_AMOUNT", "amount", "amount"),
        ({"amount": "=2500"}, "FILE_BAD_AMOUNT", "amount", "amount"),
        ({"amount": "1e3"}, "FILE_BAD_AMOUNT", "amount", "amount"),
        ({"amount": "-2500.00"}, "FILE_BAD_AMOUNT", "amount", "sign"),
        ({"amount": "9" * 30}, "FILE_BAD_AMOUNT", "amount", "amount"),
        ({"amount": "9" * 14}, "FILE_BAD_AMOUNT", "amount", "out_of_range"),
        ({"currency": "USD"}, "CURRENCY_UNSUPPORTED", "currency", "currency"),
        ({"currency": ""}, "CURRENCY_UNSUPPORTED", "currency", "currency"),
        ({"transaction_entity": "commission"}, "FILE_BAD_ROW", "transaction_entity", "unknown_value"),
        ({"entity_id": ""}, "FILE_BAD_ROW", "entity_id", "empty"),
        ({"entity_id": "=cmd|' /C calc'!A0"}, "FILE_BAD_ROW", "entity_id", "id"),
        ({"entity_created_at": "11/24/2026 10:00:00"}, "FILE_BAD_ROW", "entity_created_at", "month_first"),
        ({"entity_created_at": "2026-11-04"}, "FILE_BAD_ROW", "entity_created_at", "time"),
        ({"entity_created_at": "31/02/2026 10:00:00"}, "FILE_BAD_ROW", "entity_created_at", "time"),
        ({"entity_created_at": "01/01/0001 00:00:00"}, "FILE_BAD_ROW", "entity_created_at", "time"),
        ({"entity_created_at": "31/12/9999 10:00:00"}, "FILE_BAD_ROW", "entity_created_at", "year"),
        ({"order_receipt": "x" * 501}, "FILE_BAD_ROW", "order_receipt", "too_long"),
        ({"credit": "2441.01"}, "FILE_BAD_ROW", "credit", "row_arithmetic"),
        ({"fee (exclusive tax)": "59.00"}, "FILE_BAD_ROW", "fee", "fee_convention"),
    ],
)
def test_a_bad_cell_refuses_the_file_and_is_named(other: dict[str, str], code: str, column: str, hint: str) -> None:
    refusal = refusal_of(razorpay_csv(razorpay_row(), razorpay_row(entity_id="pay_2") | other), CSV)
    assert (refusal.code, refusal.details["row"]) == (code, 3)
    assert (refusal.details["column"], refusal.details["hint"]) == (column, hint)
    assert len(refusal.message) > 20, "it says what is wrong in words"


def test_several_bad_rows_are_reported_together() -> None:
    rows = [razorpay_row(entity_id=f"pay_{number}", amount="x") for number in range(30)]
    refusal = refusal_of(razorpay_csv(*rows), CSV)
    assert refusal.details["row"] == 2
    assert [problem["row"] for problem in refusal.details["problems"]] == list(range(3, 22))


@pytest.mark.parametrize(
    ("data", "code", "hint"),
    [
        (b"", "FILE_BAD_HEADER", "empty_file"),
        (b"entity_id,amount\r\n", "FILE_BAD_HEADER", "header"),
        (razorpay_csv(razorpay_row()).replace(b"fee (exclusive tax)", b"fee"), "FILE_BAD_HEADER", "header"),
        (razorpay_csv(razorpay_row())[:-30], "FILE_BAD_ROW", "row_truncated"),
        (razorpay_csv(razorpay_row(order_notes="a\nb")).replace(b'b"', b"b"), "FILE_BAD_ROW", "csv_syntax"),
        (razorpay_csv(razorpay_row()).replace(b"setl_B", b"setl,B"), "FILE_BAD_ROW", "row_too_long"),
        (razorpay_csv(razorpay_row(order_notes="na\u00efve")).decode().encode("latin-1"), "FILE_BAD_ROW", "encoding"),
        (razorpay_csv(razorpay_row()).decode().encode("utf-16-le"), "FILE_BAD_ROW", "nul"),
        (razorpay_csv(razorpay_row(order_receipt="a\x00b")), "FILE_BAD_ROW", "nul"),
        (b'"' + b"x" * 200_000 + b'"\r\n', "FILE_BAD_ROW", "csv_syntax"),
    ],
)
def test_a_broken_csv_is_refused_with_a_remedy(data: bytes, code: str, hint: str) -> None:
    refusal = refusal_of(data, CSV)
    assert (refusal.code, refusal.details["hint"]) == (code, hint)


def test_a_header_in_another_order_is_refused() -> None:
    header = b",".join(name.encode() for name in reversed(RAZORPAY_CSV_HEADER))
    refusal = refusal_of(header + b"\r\n", CSV)
    assert refusal.code == "FILE_BAD_HEADER" and "another order" in refusal.message


@pytest.mark.parametrize(
    ("other", "code", "hint"),
    [
        ({"amount": 250_000.5}, "FILE_BAD_AMOUNT", "whole_paise"),
        ({"amount": True}, "FILE_BAD_AMOUNT", "whole_paise"),
        ({"amount": -1}, "FILE_BAD_AMOUNT", "whole_paise"),
        ({"amount": 10**15 - 1}, "FILE_BAD_AMOUNT", "out_of_range"),
        ({"amount": 10**40}, "FILE_BAD_AMOUNT", "whole_paise"),
        ({"currency": "EUR"}, "CURRENCY_UNSUPPORTED", "currency"),
        ({"fee": 5_000}, "FILE_BAD_ROW", "fee_convention"),
        ({"fee": 800}, "FILE_BAD_ROW", "fee_convention"),
        ({"created_at": 10**15}, "FILE_BAD_ROW", "time"),
        ({"created_at": None}, "FILE_BAD_ROW", "empty"),
        ({"settled": "yes"}, "FILE_BAD_ROW", "unknown_value"),
        ({"order_id": 5}, "FILE_BAD_ROW", "text"),
        ({"order_receipt": "\ud800"}, "FILE_BAD_ROW", "encoding"),
        ({"settlement_id": None}, "FILE_BAD_ROW", "settlement_missing"),
        ({"surprise": 1}, "FILE_BAD_HEADER", "keys"),
    ],
)
def test_a_bad_item_refuses_the_collection(other: dict[str, Any], code: str, hint: str) -> None:
    refusal = refusal_of(api_file(api_item(), api_item() | other), API)
    assert (refusal.code, refusal.details["hint"], refusal.details["row"]) == (code, hint, 2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (api_file(api_item())[:-5], "FILE_BAD_HEADER"),
        (b"[" * 100_000, "FILE_BAD_HEADER"),
        (b'{"entity":"collection","count":1,"items":[{"amount":' + b"9" * 5_000 + b"}]}", "FILE_BAD_HEADER"),
        (b'{"entity":"collection","count":1,"items":[{"amount":NaN}]}', "FILE_BAD_HEADER"),
        (b'{"entity":"collection","count":0,"count":0,"items":[]}', "FILE_BAD_HEADER"),
        (b'{"items":[],"count":0,"entity":"payment"}', "FILE_BAD_HEADER"),
        (b'{"items":{},"count":0,"entity":"collection"}', "FILE_BAD_HEADER"),
        (api_file(api_item(), has_more=True), "FILE_BAD_HEADER"),
        (api_file(api_item(), count=2), "FILE_TOTAL_MISMATCH"),
        (api_file(api_item(), count="\ud800"), "FILE_TOTAL_MISMATCH"),
        (api_file(api_item(), **{"\ud800": 1}), "FILE_BAD_HEADER"),
        (api_file(api_item(**{"\ud800": 1})), "FILE_BAD_HEADER"),
        (b"\xff\xfe", "FILE_BAD_HEADER"),
        (b"", "FILE_BAD_HEADER"),
        (razorpay_csv(razorpay_row()), "FILE_BAD_HEADER"),
    ],
)
def test_a_broken_collection_is_refused(data: bytes, code: str) -> None:
    assert refusal_of(data, API).code == code


@pytest.mark.parametrize(
    ("other", "hint"),
    [
        ({"gateway": "pos_icici"}, "gateway"),
        ({"amount_paise": "2500.00"}, "whole_paise"),
        ({"amount_paise": "١٢٣"}, "whole_paise"),
        ({"created_at": "2026-11-04T12:30:00"}, "time"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "time"),
        ({"created_at": "9999-12-31T00:00:00Z"}, "year"),
        ({"settled": "TRUE"}, "unknown_value"),
    ],
)
def test_a_bad_generic_row_is_refused(other: dict[str, str], hint: str) -> None:
    refusal = refusal_of(generic_csv(generic_row(**other)), GENERIC, "pos_hdfc")
    assert (refusal.details["row"], refusal.details["hint"]) == (2, hint)


def test_an_unknown_format_is_refused() -> None:
    assert refusal_of(b"", "paytm_v9").code == "VALIDATION_FAILED"


@given(st.integers(0, 10**9), st.integers(0, 10**5), st.integers(0, 10**5))
def test_money_survives_each_format_to_the_paisa(net: int, fee: int, tax: int) -> None:
    amount = net + fee + tax

    def rupees(paise: int) -> str:
        return f"{paise // 100}.{paise % 100:02d}"

    row = razorpay_row(
        **{"fee (exclusive tax)": rupees(fee)}, amount=rupees(amount), tax=rupees(tax), credit=rupees(net)
    )
    item = api_item(amount=amount, fee=fee + tax, tax=tax, credit=net)
    for data, format in ((razorpay_csv(row), CSV), (api_file(item), API)):
        (line,) = settlement_lines(data, format, "razorpay", "a")
        assert (line.amount_paise, line.fee_excl_paise, line.tax_paise, line.credit_paise) == (amount, fee, tax, net)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way(noise: bytes) -> None:
    for format in (API, CSV, GENERIC):
        for data in (noise, razorpay_csv(razorpay_row()) + noise, api_file(api_item())[:-3] + noise):
            try:
                settlement_lines(data, format, "razorpay", "a")
            except Refused as refusal:
                json.dumps(refusal.details)
