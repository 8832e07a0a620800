"""Settlement files to canonical lines (DOMAIN §6.2). Pure: bytes in, lines or a refusal out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, get_args

from event_store.aggregates.settlement_file.commands import SettlementLine
from event_store.aggregates.settlement_file.decide import check_line
from event_store.aggregates.settlement_file.events import EntityType
from integrations.delimited import Cells, cells_of, collect, is_text, read_rows, refuse_file
from mymedic.counts import counted
from mymedic.errors import Refused

ENTITY_TYPES: tuple[EntityType, ...] = get_args(EntityType)

API_REQUIRED = (
    "entity_id", "type", "debit", "credit", "amount", "currency", "fee", "tax", "on_hold", "settled", "created_at",
)  # fmt: skip
API_NULLABLE = (
    "settled_at", "settlement_id", "posted_at", "credit_type", "description", "notes", "payment_id", "settlement_utr",
    "order_id", "order_receipt", "method", "card_network", "card_issuer", "card_type", "dispute_id",
)  # fmt: skip
API_COLLECTION = ("entity", "count", "items")

RAZORPAY_CSV_HEADER = (
    "transaction_entity", "entity_id", "amount", "currency", "fee (exclusive tax)", "tax", "debit", "credit",
    "payment_method", "card_type", "issuer_name", "entity_created_at", "payment_captured_at", "payment_notes",
    "refund_notes", "arn", "entity_description", "order_id", "order_receipt", "order_notes", "dispute_id",
    "dispute_created_at", "dispute_reason", "settlement_id", "settled_at", "settlement_utr", "settled_by",
)  # fmt: skip
RAZORPAY_TIME = "%d/%m/%Y %H:%M:%S"

# The canonical names, without the two that are computed here: line_id and raw_sha256.
GENERIC_CSV_HEADER = (
    "gateway", "settlement_id", "settlement_utr", "entity_type", "entity_id", "payment_id_ref", "order_id",
    "order_receipt", "dispute_id", "method", "card_network", "card_type", "amount_paise", "fee_excl_paise",
    "tax_paise", "credit_paise", "debit_paise", "on_hold", "settled", "created_at", "settled_at", "description",
)  # fmt: skip

Lines = tuple[SettlementLine, ...]


def settlement_lines(data: bytes, format: str, gateway: str, file: str) -> Lines:
    """The lines of a settlement file, each checked for its arithmetic (R-REC-3); the first bad row refuses the file."""
    if format == "razorpay_recon_api_v1":
        lines = collect(_api_items(data, file), _checked(_api_line))
    elif format == "razorpay_recon_csv_v1":
        lines = collect(read_rows(data, RAZORPAY_CSV_HEADER, file), _checked(_razorpay_csv_line))
    elif format == "generic_csv_v1":
        lines = collect(
            read_rows(data, GENERIC_CSV_HEADER, file), _checked(lambda cells: _generic_line(cells, gateway))
        )
    else:
        raise Refused("VALIDATION_FAILED", f"{format} is not a known settlement format", field="format", file=file)
    return lines


def _checked(read: Callable[[Cells], SettlementLine]) -> Callable[[Cells], SettlementLine]:
    def read_and_check(cells: Cells) -> SettlementLine:
        line = read(cells)
        try:
            check_line(line)
        except Refused as refusal:
            raise Refused(refusal.code, refusal.message, file=cells.file, **refusal.details) from refusal
        return line

    return read_and_check


def _api_items(data: bytes, file: str) -> Iterator[Cells]:
    """Items of a collection; `row` is the item's place, from 1."""
    document = _json(data, file)
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        _bad_header(file, "the file must be a JSON collection with `items`")
    unknown = sorted(set(document) - set(API_COLLECTION))
    if unknown or document.get("entity") != "collection":
        _bad_header(file, f"not a collection of settlement items ({', '.join(unknown) or 'entity'})")
    items = document["items"]
    count = document.get("count")
    if count != len(items):
        raise Refused(
            "FILE_TOTAL_MISMATCH",
            f"count says {count if isinstance(count, int) else 'no number'},"
            f" the file holds {counted(len(items), 'item')}; fetch it again with all its pages",
            file=file,
            hint="count",
        )
    refusals = [refusal for row, item in enumerate(items, 1) if (refusal := _bad_keys(item, file, row))]
    if refusals:
        refuse_file(refusals[:20])
    for row, item in enumerate(items, 1):
        yield cells_of(file, row, item)


def _bad_keys(item: Any, file: str, row: int) -> Refused | None:
    """A nullable key may be missing, as in real adjustment rows; anything else must be exactly as documented."""
    keys = set(item) if isinstance(item, dict) else set()
    missing = [key for key in API_REQUIRED if key not in keys]
    unknown = sorted(keys - {*API_REQUIRED, *API_NULLABLE})
    if not missing and not unknown:
        return None
    return Refused(
        "FILE_BAD_HEADER",
        f"item {row} is not a settlement row (missing: {', '.join(missing) or 'none'};"
        f" unknown: {', '.join(key[:40] for key in unknown[:10]) or 'none'}); check the chosen format",
        file=file,
        row=row,
        column=(missing or unknown)[0][:40],
        hint="keys",
    )


def _api_line(cells: Cells) -> SettlementLine:
    """Amounts in paise; `fee` includes the tax."""
    cells.must_be_inr("currency")
    tax = cells.whole_paise("tax")
    fee_excl = cells.whole_paise("fee") - tax
    if fee_excl < 0:
        cells.refuse("FILE_BAD_ROW", "fee includes tax in this format, so it cannot be less", "fee", "fee_convention")
    entity_type = cells.one_of("type", ENTITY_TYPES)
    return SettlementLine(
        row=cells.row,
        settlement_id=cells.id("settlement_id"),
        settlement_utr=cells.id("settlement_utr"),
        entity_type=entity_type,
        entity_id=cells.required_id("entity_id"),
        payment_id_ref=cells.id("payment_id"),
        order_id=cells.id("order_id"),
        order_receipt=cells.text("order_receipt"),
        dispute_id=cells.id("dispute_id"),
        method=cells.text("method"),
        card_network=cells.text("card_network"),
        card_type=cells.text("card_type"),
        amount_paise=cells.whole_paise("amount"),
        fee_excl_paise=fee_excl,
        tax_paise=tax,
        credit_paise=cells.whole_paise("credit"),
        debit_paise=cells.whole_paise("debit"),
        on_hold=cells.flag("on_hold"),
        settled=cells.flag("settled"),
        created_at=cells.unix_seconds("created_at") or _no_time(cells, "created_at"),
        settled_at=cells.unix_seconds("settled_at"),
        description=_description(cells, "description", entity_type),
        raw_sha256=cells.raw_sha256,
    )


def _razorpay_csv_line(cells: Cells) -> SettlementLine:
    """Amounts in rupees; the fee excludes the tax. A row is settled once it has a settlement and its time."""
    cells.must_be_inr("currency")
    entity_type = cells.one_of("transaction_entity", ENTITY_TYPES)
    settlement_id, settled_at = cells.id("settlement_id"), cells.local_time("settled_at", RAZORPAY_TIME)
    return SettlementLine(
        row=cells.row,
        settlement_id=settlement_id,
        settlement_utr=cells.id("settlement_utr"),
        entity_type=entity_type,
        entity_id=cells.required_id("entity_id"),
        order_id=cells.id("order_id"),
        order_receipt=cells.text("order_receipt"),
        dispute_id=cells.id("dispute_id"),
        method=cells.text("payment_method"),
        card_type=cells.text("card_type"),
        amount_paise=cells.rupees("amount"),
        fee_excl_paise=cells.rupees("fee (exclusive tax)"),
        tax_paise=cells.rupees("tax"),
        credit_paise=cells.rupees("credit"),
        debit_paise=cells.rupees("debit"),
        settled=settlement_id is not None and settled_at is not None,
        created_at=cells.local_time("entity_created_at", RAZORPAY_TIME) or _no_time(cells, "entity_created_at"),
        settled_at=settled_at,
        description=_description(cells, "entity_description", entity_type),
        raw_sha256=cells.raw_sha256,
    )


def _generic_line(cells: Cells, gateway: str) -> SettlementLine:
    """Amounts in paise; the fee excludes the tax."""
    named = cells.required_id("gateway")
    if named != gateway:
        cells.refuse(
            "FILE_BAD_ROW", f"the row is of {named}, the file was handed in for {gateway}", "gateway", "gateway"
        )
    entity_type = cells.one_of("entity_type", ENTITY_TYPES)
    return SettlementLine(
        row=cells.row,
        settlement_id=cells.id("settlement_id"),
        settlement_utr=cells.id("settlement_utr"),
        entity_type=entity_type,
        entity_id=cells.required_id("entity_id"),
        payment_id_ref=cells.id("payment_id_ref"),
        order_id=cells.id("order_id"),
        order_receipt=cells.text("order_receipt"),
        dispute_id=cells.id("dispute_id"),
        method=cells.text("method"),
        card_network=cells.text("card_network"),
        card_type=cells.text("card_type"),
        amount_paise=cells.whole_paise("amount_paise"),
        fee_excl_paise=cells.whole_paise("fee_excl_paise"),
        tax_paise=cells.whole_paise("tax_paise"),
        credit_paise=cells.whole_paise("credit_paise"),
        debit_paise=cells.whole_paise("debit_paise"),
        on_hold=cells.flag("on_hold"),
        settled=cells.flag("settled"),
        created_at=cells.rfc3339("created_at") or _no_time(cells, "created_at"),
        settled_at=cells.rfc3339("settled_at"),
        description=_description(cells, "description", entity_type),
        raw_sha256=cells.raw_sha256,
    )


def _description(cells: Cells, column: str, entity_type: str) -> str | None:
    """Kept where it explains a penalty or a reserve; a payment's or refund's may name a person."""
    return cells.text(column, 4000) if entity_type in ("adjustment", "transfer") else None


def _no_time(cells: Cells, column: str) -> NoReturn:
    cells.refuse("FILE_BAD_ROW", f"{column} is empty", column, "empty")


def _json(data: bytes, file: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(
            "FILE_BAD_HEADER",
            f"the file is not JSON ({str(error)[:200]}); it was cut off or is of another format",
            file=file,
            row=data.count(b"\n", 0, getattr(error, "pos", 0)) + 1,
            hint="json",
        ) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one key nobody can say which is meant."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key stands twice in one object")
    if not all(map(is_text, values)):
        raise ValueError("a key holds characters that are not text")
    return values


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _bad_header(file: str, message: str) -> NoReturn:
    raise Refused("FILE_BAD_HEADER", f"{message}; check the chosen format", file=file, hint="collection")
