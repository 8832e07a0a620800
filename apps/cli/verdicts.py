"""How the fate of a file that was handed in is shown: verdicts per statement, and what was or would be recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from rich.text import Text

from apps.cli.console import ERR, OUT, print_json, rupees, table
from integrations.bank.judge import Judged
from integrations.bank.told import ToldStatement
from integrations.ingest import IngestReport, error_body
from mymedic.counts import counted
from mymedic.messages import ErrorBody

_COLUMNS = ("File", "No", "Account", "Currency", "Opening", "Lines", "Sum", "Closing", "Difference", "Verdict")
_RIGHT = ("No", "Opening", "Lines", "Sum", "Closing", "Difference")
_WORDS = {
    "foots": "foots",
    "does_not_foot": "DOES NOT FOOT",
    "no_balances": "no balances",
    "unreadable": "UNREADABLE",
}


def show_judged(judged: Sequence[Judged], json: bool, today: date) -> int:
    """A row per statement, then what could not be read and why, or to be asked about; 1 unless every file is sound."""
    if json:
        print_json({"files": [_as_object(one, today) for one in judged]})
    else:
        rows = [row for one in judged for row in _rows(one)]
        if rows:
            OUT.print(table("Statements", _COLUMNS, rows, right=_RIGHT, whole=("Verdict",)))
        for one in judged:
            for error in _errors(one):
                _print_error(error, one.file_name)
            for told in one.statements:
                _print_note(told.note(today), one.file_name)
        counts = Counter(told.verdict for one in judged for told in one.statements)
        refused = sum(one.error is not None for one in judged)
        OUT.print(
            f"{counted(counts['foots'] + counts['does_not_foot'], 'statement')} with balances:"
            f" {counted(counts['foots'], 'foots', 'foot')}, {counted(counts['does_not_foot'], 'does', 'do')} not;"
            f" {counts['no_balances']:,} without balances, {counts['unreadable']:,} unreadable,"
            f" {counted(refused, 'file')} without a statement",
            highlight=False,
        )
    return 0 if all(one.is_sound for one in judged) else 1


def show_reports(reports: Sequence[IngestReport], json: bool) -> int:
    """What became of files; 1 when one, or a statement of one, was refused. One file is one object as JSON."""
    if json:
        shown = [_report_as_object(report) for report in reports]
        print_json(shown[0] if len(shown) == 1 else {"files": shown})
    else:
        for report in reports:
            _show_report(report)
    return 0 if all(report.status in ("accepted", "duplicate") for report in reports) else 1


def _report_as_object(report: IngestReport) -> dict[str, Any]:
    totals = ("net_paise", "rows", "rows_recorded", "rows_redelivered")
    return asdict(report) | {name: getattr(report, name) for name in totals} | {"error": report.error}


def _show_report(report: IngestReport) -> None:
    refused = [part for part in report.parts if part.status == "refused"]
    if report.status == "refused":
        if report.error is not None:
            _print_error(report.error, report.file_name)
        ERR.print("  nothing of this file was recorded", highlight=False)
        return
    verb = "would be " if report.is_check else ""
    OUT.print(
        f"{report.file_name}: {report.status}; {counted(report.rows, 'row')}, {verb}recorded {report.rows_recorded},"
        f" known before {report.rows_redelivered}",
        highlight=False,
    )
    OUT.print(
        f"credit {rupees(report.credit_paise)}  debit {rupees(report.debit_paise)}  net {rupees(report.net_paise)}",
        highlight=False,
    )
    for part in report.parts:
        _print_note(part.note, report.file_name)
    for part in refused:
        if part.error is not None:
            _print_error(part.error, f"{report.file_name}, statement {part.number}")
    if refused:
        ERR.print(
            f"  nothing of {len(refused):,} of its {counted(len(report.parts), 'statement')} was recorded",
            highlight=False,
        )


def _rows(judged: Judged) -> Iterator[tuple[Any, ...]]:
    for told in judged.statements:
        amounts = (_plain(told.opening), len(told.lines), _plain(told.moved), _plain(told.closing))
        currency = "/".join([told.currency or "-", *told.other_currencies])
        verdict = _WORDS[told.verdict]
        yield judged.file_name, told.number, told.account, currency, *amounts, _plain(told.difference), verdict


def _errors(judged: Judged) -> Iterator[ErrorBody]:
    if judged.error is not None:
        yield judged.error
    for told in judged.statements:
        if told.problem is not None:
            yield error_body(told.problem)


def _print_error(error: ErrorBody, where: str) -> None:
    ERR.print(Text.assemble((error.code, "bold red"), f"  {where}: {error.message}"), soft_wrap=True)
    for name, value in error.details.items():
        ERR.print(f"  {name}: {value}", highlight=False, soft_wrap=True)


def _print_note(note: str | None, where: str) -> None:
    if note is not None:
        ERR.print(f"note  {where}: {note}", highlight=False, soft_wrap=True)


def _plain(amount: Decimal | None) -> str:
    return "-" if amount is None else f"{amount:,f}"


def _as_object(judged: Judged, today: date) -> dict[str, Any]:
    return {
        "file_name": judged.file_name,
        "format": judged.format,
        "is_sound": judged.is_sound,
        "statements": [_statement(told, today) for told in judged.statements],
        "error": judged.error,
    }


def _statement(told: ToldStatement, today: date) -> dict[str, Any]:
    problem = told.problem
    return {
        "number": told.number,
        "row": told.row,
        "account": told.account,
        "currency": told.currency,
        "other_currencies": told.other_currencies,
        "opening": None if told.opening is None else str(told.opening),
        "lines": len(told.lines),
        "sum": str(told.moved),
        "closing": None if told.closing is None else str(told.closing),
        "difference": None if told.difference is None else str(told.difference),
        "verdict": told.verdict,
        "note": told.note(today),
        "error": None if problem is None else error_body(problem),
    }
