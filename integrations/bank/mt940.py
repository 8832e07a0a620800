"""`mt940`: SWIFT statements, read by the library `mt-940`, with a guard wherever it would guess or drop."""

from __future__ import annotations

import calendar
import logging
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import mt940

from integrations.bank.told import ToldLine, ToldStatement
from integrations.delimited import without_nul
from mymedic.counts import counted
from mymedic.errors import Refused

_TAG = re.compile(r"^:([0-9]{2}[A-Z]?|NS):", re.MULTILINE)
_BALANCE = re.compile(r"[CD](\d{6})([A-Z]{3})([0-9]{1,24}(?:[.,][0-9]{0,5})?)\s*\Z")
_LINE_DATE = re.compile(r"\d{2}(\d{2})(\d{2})")
# Value date, entry date, mark, funds code, amount. With a point or a second comma the library would take what stands
# before it for the whole amount, and the rest for a reference.
_LINE_START = re.compile(r"([0-9]{6})(?:[0-9]{4}| {4})?R?[CD][A-Z]?[\n ]?[0-9]{1,15}(?:,[0-9]*)?(?![0-9.,'])", re.I)
# Banks write longer references than the standard's 16 characters, such as the other account.
_LINE = mt940.tags.StatementGLS()
_NO_REFERENCE = {"NONREF", ""}
_ACCOUNT = 40

# The library logs values that it cannot read, and these name people.
_LIBRARY = logging.getLogger("mt940")
_LIBRARY.addHandler(logging.NullHandler())
_LIBRARY.propagate = False


def told_mt940(data: bytes, file: str) -> list[ToldStatement]:
    """Every block that starts with `:20:`. Text that is not UTF-8 is read byte by byte: figures are ASCII anyway."""
    text = _text(data, file)
    starts = [match.start() for match in re.finditer(r"^:20:", text, re.MULTILINE)]
    if not starts:
        raise Refused(
            "FILE_BAD_HEADER",
            "no statement begins in this file (no line starts with :20:); check the format, or fetch the file again",
            file=file,
            row=1,
            hint="no_statement",
        )
    ends = [*starts[1:], len(text)]
    return [
        _told(number, text[start:end], text.count("\n", 0, start) + 1, file)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _text(data: bytes, file: str) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return without_nul(text, file).replace("\r\n", "\n").replace("\r", "\n")


def _told(number: int, block: str, row: int, file: str) -> ToldStatement:
    tags = list(_TAG.finditer(block))
    where = {"file": file, "row": row, "statement_no": number}
    try:
        balances = _balances(block, tags, where)
        _check_lines(block, tags, where)
        read = mt940.models.Transactions(
            processors={
                "pre_statement": [_last_of_february],
                "post_statement": [_as_a_line_of_its_own],
                "post_transaction_details": [],
            },
            tags={61: _LINE},
            options=mt940.Options.all(),
        )
        read.parse(_without_closing_words(block, tags))
        lines = tuple(_lines(read, block, tags, where))
    except Refused as refusal:
        return ToldStatement(number, row, problem=refusal)
    except (RuntimeError, ValueError, ArithmeticError) as error:
        # What the library raises where a tag does not hold what it should.
        tag, place = _where(error, block)
        message = f"{tag} cannot be read; ask the bank for the file again"
        where |= {"row": row + place}
        return ToldStatement(number, row, problem=Refused("FILE_BAD_ROW", message, hint="mt940", **where))
    opening, closing = balances.get("60"), balances.get("62")
    account = read.data.get("account_identification")
    stated = [found[0] for found in (opening, closing) if found] or [read.currency or ""]
    currencies = list(dict.fromkeys(stated))
    return ToldStatement(
        number=number,
        row=row,
        account=str(account)[:_ACCOUNT] if account else None,
        currency=currencies[0] or None,
        opening=opening[1] if opening else None,
        closing=closing[1] if closing else None,
        opening_on=opening[2] if opening else None,
        closing_on=closing[2] if closing else None,
        lines=lines,
        other_currencies=tuple(currencies[1:]),
    )


def _balances(block: str, tags: list[re.Match[str]], where: dict[str, Any]) -> dict[str, tuple[str, Decimal, date]]:
    """(currency, amount, day) of the opening `60` and the closing `62`; of two the library would keep the last."""
    found: dict[str, tuple[str, Decimal, date]] = {}
    for place, tag in enumerate(tags):
        kind = tag[1][:2]
        if kind not in ("60", "62"):
            continue
        here = where | {"row": where["row"] + block.count("\n", 0, tag.start()), "column": f":{tag[1]}:"}
        end = tags[place + 1].start() if place + 1 < len(tags) else len(block)
        text = block[tag.end() : end].partition("\n")[0].strip()
        match = _BALANCE.match(text)
        if match is None:
            message = f"{text[:60]!r} is not a balance (C or D, YYMMDD, currency, amount); ask for the file again"
            raise Refused("FILE_BAD_AMOUNT", message, hint="balance", **here)
        if kind in found:
            message = "a second balance of one kind stands in the statement; each begins with a :20: of its own"
            raise Refused("FILE_BAD_ROW", message, hint="balance_twice", **here)
        amount = Decimal(match[3].replace(",", "."))
        found[kind] = (match[2], -amount if text[0] == "D" else amount, _day(match[1], here))
    return found


def _day(yymmdd: str, here: dict[str, Any]) -> date:
    try:
        return date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        message = f"{yymmdd} is not a day; dates are YYMMDD"
        raise Refused("FILE_BAD_ROW", message, hint="date", **here) from None


def _check_lines(block: str, tags: list[re.Match[str]], where: dict[str, Any]) -> None:
    """What the library would refuse without a place, or read in part."""
    for tag in tags:
        if tag[1] != "61":
            continue
        here = where | {"row": where["row"] + block.count("\n", 0, tag.start()), "column": ":61:"}
        match = _LINE_START.match(block, tag.end())
        if match is None:
            message = (
                "the line does not begin with a date (YYMMDD), C or D, and an amount with no mark but a decimal comma;"
                " ask the bank for the file again"
            )
            raise Refused("FILE_BAD_ROW", message, hint="mt940", **here)
        if match[1][2:4] != "02":  # what banks write of February can still be judged
            _day(match[1], here)


def _lines(
    read: mt940.models.Transactions, block: str, tags: list[re.Match[str]], where: dict[str, Any]
) -> Iterator[ToldLine]:
    """What the library read, line by line; a line that it passed over would be missed by the count."""
    told = [tag for tag in tags if tag[1] == "61"]
    if len(told) != len(read.transactions):
        message = f"the statement has {counted(len(told), 'line')}, of which {len(read.transactions)} can be told apart"
        raise Refused("FILE_BAD_ROW", message, hint="lines_lost", **where)
    for tag, line in zip(told, read.transactions, strict=True):
        row = where["row"] + block.count("\n", 0, tag.start())
        data = line.data
        own, bank = ((data.get(name) or "").strip() for name in ("customer_reference", "bank_reference"))
        details = (data.get("extra_details"), data.get("transaction_details"))
        words = " ".join(" ".join(text.split()) for text in details if text)
        yield ToldLine(
            row=row,
            value_on=date(data["date"].year, data["date"].month, data["date"].day),
            moved=data["amount"].amount,
            narration=" ".join(text for text in (own, bank, words) if text not in _NO_REFERENCE),
            reference=next((text for text in (bank, own) if text not in _NO_REFERENCE), ""),
            problem=_impossible_day(block[tag.end() : tag.end() + 6], data["date"], where | {"row": row}),
        )


def _impossible_day(yymmdd: str, read: date, here: dict[str, Any]) -> Refused | None:
    match = _LINE_DATE.match(yymmdd)
    if match is None or (int(match[1]), int(match[2])) == (read.month, read.day):
        return None
    message = f"{yymmdd} is a day that does not exist; ask the bank for the value date that it means"
    return Refused("FILE_BAD_ROW", message, column=":61:", hint="date", **here)


def _last_of_february(_: Any, __: Any, tag: dict[str, Any], *___: Any) -> dict[str, Any]:
    """Banks that count 30 days a month write 30 February; the footing can be judged on the month's last day."""
    if tag["month"] == "02":
        tag["day"] = str(min(int(tag["day"]), calendar.monthrange(2000 + int(tag["year"]), 2)[1]))
    return tag


def _as_a_line_of_its_own(_: Any, __: Any, ___: Any, result: dict[str, Any]) -> dict[str, Any]:
    """The library lets a line that names no transaction type be overwritten by the next one."""
    return result | {"id": result.get("id") or "-"}


def _without_closing_words(block: str, tags: list[re.Match[str]]) -> str:
    """What an `:86:` after the closing balance says is of the statement; the library would give it to the last line."""
    kept, start, is_closed = [], 0, False
    for place, tag in enumerate(tags):
        is_closed = tag[1] != "61" and (is_closed or tag[1].startswith("62"))
        if is_closed and tag[1] == "86":
            kept.append(block[start : tag.start()])
            start = tags[place + 1].start() if place + 1 < len(tags) else len(block)
    return "".join([*kept, block[start:]])


def _where(error: Exception, block: str) -> tuple[str, int]:
    """(which tag, how many lines down). The value itself stays out of the message: it could be a narration."""
    if len(error.args) != 3:
        return "the statement", 0
    _, tag, value = error.args
    return f"tag :{tag.id}:", block.count("\n", 0, max(block.find(value.partition("\n")[0]), 0))
