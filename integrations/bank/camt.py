"""`camt053`: ISO 20022 statements, and, for `--check`, the camt.052 reports and camt.054 notices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn

from lxml import etree

from event_store.storable import YEARS, is_storable
from integrations.bank.told import ToldLine, ToldStatement
from mymedic.errors import Refused

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.(052|053|054)\.001\.(\d\d)")
# Message of the schema -> the element under Document, the element of one statement.
_NAMES = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_OLDEST_NAMES = {"052": "BkToCstmrAcctRptV01", "053": "BkToCstmrStmtV01", "054": "BkToCstmrDbtCdtNtfctnV01"}
_AMOUNT = re.compile(r"\d{1,18}(?:\.\d{1,5})?|\.\d{1,5}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_STATUSES = {"BOOK", "PDNG", "INFO", "FUTR"}
_NARRATION = ("AddtlNtryInf", "RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "AddtlTxInf")
_REFERENCES = ("Refs/AcctSvcrRef", "Refs/EndToEndId", "Refs/TxId", "Refs/InstrId")
_NO_REFERENCE = {"NOTPROVIDED", "NONREF"}


def told_camt(data: bytes, file: str) -> list[ToldStatement]:
    """Every statement of the document. No entity is resolved, nothing is fetched, depth and text are bounded."""
    root = _root(data, file)
    match = _NAMESPACE.fullmatch(etree.QName(root).namespace or "")
    if match is None or etree.QName(root).localname != "Document":
        _refuse(
            file, 1, "the document is none of camt.052, camt.053 and camt.054; ask the bank for camt.053", "namespace"
        )
    message, version = match[1], match[2]
    body, statement = _NAMES[message]
    reader = _Reader(f"{{{match[0]}}}", file)
    holder = reader.child(root, _OLDEST_NAMES[message] if version == "01" else body)
    found = [] if holder is None else reader.children(holder, statement)
    if not found:
        _refuse(file, 1, f"the document holds no {statement}; fetch the file again", "no_statement")
    return [reader.statement(number, element) for number, element in enumerate(found, 1)]


def _root(data: bytes, file: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        row = getattr(error, "lineno", None) or 1
        _refuse(file, row, f"the file is not XML ({str(error)[:200]}); it was cut off or is of another format", "xml")
    if root.getroottree().docinfo.internalDTD is not None:
        _refuse(
            file, 1, "the file declares a document type, which no bank's statement needs; it is not read", "doctype"
        )
    return root


def _refuse(file: str, row: int, message: str, hint: str) -> NoReturn:
    raise Refused("FILE_BAD_HEADER", message, file=file, row=row, hint=hint)


class _Reader:
    """Reads the elements of one schema version; every refusal says its line of the file and its element."""

    def __init__(self, namespace: str, file: str) -> None:
        self._namespace = namespace
        self._file = file

    def children(self, parent: Any, path: str) -> list[Any]:
        return parent.findall("/".join(self._namespace + name for name in path.split("/")))

    def child(self, parent: Any, path: str) -> Any:
        """The one element at a path, None when there is none; two are refused."""
        found = self.children(parent, path)
        if len(found) > 1:
            self._bad(found[1], f"{path} stands twice in one {_name(parent)}", "twice")
        return found[0] if found else None

    def statement(self, number: int, element: Any) -> ToldStatement:
        row = element.sourceline or 1
        try:
            return self._statement(number, row, element)
        except Refused as refusal:
            return ToldStatement(number, row, problem=_at(refusal, number))

    def _statement(self, number: int, row: int, element: Any) -> ToldStatement:
        balances = self._balances(element)
        opening, closing = balances.get("OPBD") or balances.get("PRCD"), balances.get("CLBD")
        entries = [self._entry(one) for one in self.children(element, "Ntry")]
        stated = [found[0] for found in (opening, closing) if found]
        currencies = list(dict.fromkeys([*stated, *(currency for currency, _ in entries)]))
        account = self._text(element, "Acct/Id/IBAN") or self._text(element, "Acct/Id/Othr/Id")
        return ToldStatement(
            number=number,
            row=row,
            account=account,
            currency=currencies[0] if currencies else self._text(element, "Acct/Ccy"),
            opening=opening[1] if opening else None,
            closing=closing[1] if closing else None,
            opening_on=opening[2] if opening else None,
            closing_on=closing[2] if closing else None,
            lines=tuple(line for _, line in entries),
            other_currencies=tuple(currencies[1:]),
        )

    def _balances(self, statement: Any) -> dict[str, tuple[str, Decimal, date]]:
        """By kind; of two that differ nobody can say which the entries lead to."""
        found: dict[str, tuple[str, Decimal, date]] = {}
        for element in self.children(statement, "Bal"):
            kind, stated = self._balance(element)
            if kind in ("OPBD", "PRCD", "CLBD") and found.setdefault(kind, stated)[:2] != stated[:2]:
                self._bad(
                    element, f"{kind} is stated twice, with two amounts; ask the bank which is right", "balance_twice"
                )
        return found

    def _balance(self, element: Any) -> tuple[str, tuple[str, Decimal, date]]:
        kind = self._text(element, "Tp/CdOrPrtry/Cd") or self._text(element, "Tp/CdOrPrtry/Prtry") or ""
        currency, moved = self._money(element)
        day = self._day(element, "Dt")
        if day is None:
            self._bad(element, "Dt is missing", "date")
        return kind, (currency, moved, day)

    def _entry(self, element: Any) -> tuple[str, ToldLine]:
        currency, moved = self._money(element)
        status = self._text(element, "Sts/Cd") or self._text(element, "Sts")
        if status not in _STATUSES:
            self._bad(element, f"Sts is {status!r}, none of {', '.join(sorted(_STATUSES))}", "status")
        day, row = self._day(element, "ValDt", "BookgDt"), element.sourceline or 1
        message = "ValDt and BookgDt are both missing, so nobody can say on which day the money moved"
        undated = Refused("FILE_BAD_ROW", message, file=self._file, row=row, column="ValDt", hint="date")
        references = [
            *self._words(element, _REFERENCES),
            self._text(element, "AcctSvcrRef"),
            self._text(element, "NtryRef"),
        ]
        given = [text for text in references if text and text not in _NO_REFERENCE]
        return currency, ToldLine(
            row=row,
            value_on=day,
            moved=moved,
            narration=" ".join([*self._words(element, _NARRATION), *given]),
            reference=given[0] if given else "",
            is_booked=status == "BOOK",
            problem=None if day else undated,
        )

    def _words(self, entry: Any, paths: tuple[str, ...]) -> Iterator[str]:
        """What an entry and its transactions say at these paths, in the order of the paths."""
        for path in paths:
            for holder in (entry, *self.children(entry, "NtryDtls/TxDtls")):
                for found in self.children(holder, path):
                    if found.text and found.text.strip():
                        yield " ".join(found.text.split())

    def _money(self, element: Any) -> tuple[str, Decimal]:
        """(currency, amount) with the sign of CdtDbtInd; a reversal's indicator already says where the money goes."""
        amount = self.child(element, "Amt")
        text = (amount.text or "").strip() if amount is not None else ""
        currency = amount.get("Ccy", "") if amount is not None else ""
        side = self._text(element, "CdtDbtInd")
        if _AMOUNT.fullmatch(text) is None or len(amount):
            self._bad(
                element, f"Amt {text[:40]!r} is not an amount with at most five decimals", "amount", "FILE_BAD_AMOUNT"
            )
        if _CURRENCY.fullmatch(currency) is None:
            self._bad(element, f"Amt has no currency code but {currency[:10]!r}", "currency", "FILE_BAD_AMOUNT")
        if side not in ("CRDT", "DBIT"):
            self._bad(element, f"CdtDbtInd is {side!r}, neither CRDT nor DBIT", "side")
        return currency, Decimal(text) if side == "CRDT" else -Decimal(text)

    def _day(self, element: Any, *names: str) -> date | None:
        for name in names:
            text = self._text(element, f"{name}/Dt") or self._text(element, f"{name}/DtTm") or ""
            if text:
                try:
                    on = date.fromisoformat(text[:10]) if len(text) <= 10 else _day_of_time(text)
                except ValueError:
                    self._bad(element, f"{text[:40]!r} is not a date; YYYY-MM-DD", "date")
                if not is_storable(on):
                    message = (
                        f"{text[:10]!r} has a year that cannot be meant ({YEARS}); ask the bank for the file again"
                    )
                    self._bad(element, message, "year")
                return on
        return None

    def _text(self, element: Any, path: str) -> str | None:
        found = self.child(element, path)
        return (found.text or "").strip()[:200] or None if found is not None else None

    def _bad(self, element: Any, message: str, hint: str, code: str = "FILE_BAD_ROW") -> NoReturn:
        raise Refused(code, message, file=self._file, row=element.sourceline, column=_name(element), hint=hint)


def _day_of_time(text: str) -> date:
    """The day that the bank writes; a zone does not move a value date, which may have one too."""
    datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).removesuffix("Z"))
    return date.fromisoformat(text[:10])


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _at(refusal: Refused, number: int) -> Refused:
    return Refused(refusal.code, refusal.message, **{**refusal.details, "statement_no": number})
