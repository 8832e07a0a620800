"""Bank statements to translate."""

from __future__ import annotations

import csv
import io

from integrations.bank.bank_csv import BANK_CSV_HEADER
from mymedic.money import rupees_text


def bank_row(moved: int, balance: int, narration: str = "NEFT CR RAZORPAY", **other: str) -> dict[str, str]:
    """A row; negative `moved` is a debit, both in paise."""
    return {
        "value_date": "2026-11-06",
        "transaction_date": "2026-11-06",
        "narration": narration,
        "reference": "",
        "debit": rupees_text(-moved) if moved < 0 else "",
        "credit": rupees_text(moved) if moved > 0 else "",
        "balance": rupees_text(balance),
    } | other


def bank_csv(*rows: dict[str, str], end: str = "\r\n") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(BANK_CSV_HEADER)
    writer.writerows([[row[name] for name in BANK_CSV_HEADER] for row in rows])
    return out.getvalue().encode()
