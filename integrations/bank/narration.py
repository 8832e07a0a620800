"""What a narration says: who stands behind a line, its references, and the same text without names."""

from __future__ import annotations

import re

from event_store.aggregates.bank_statement.events import CounterpartyClass

MASKED_LENGTH = 1_000

_UTR = re.compile(r"\b(?=[A-Z0-9]*[0-9])[A-Z]{4}[A-Z0-9]{12,18}\b")
_RRN = re.compile(r"\b[0-9]{12}\b")
_SLIP = re.compile(r"\bSLIP(?: NO)?[ .:#-]*([A-Z0-9-]*[0-9][A-Z0-9-]*)")
# The first that fits counts. UPI comes first: the rest of its narration is what the payer typed.
_CLASSES: tuple[tuple[CounterpartyClass, re.Pattern[str]], ...] = (
    ("upi_qr", re.compile(r"^\W*UPI\b")),
    ("cash_deposit", re.compile(r"\bCASH\b|\bCDM\b")),
    ("insurer", re.compile(r"\bINSURANCE\b|\bASSURANCE\b|\bINSURER\b|\bTPA\b")),
    ("pos", re.compile(r"\bPOS\b|\bEDC\b|\bACQUIRER\b|\bACQUIRING\b")),
    ("gateway", re.compile(r"RAZORPAY|CASHFREE|\bPAYU\b|BILLDESK|CCAVENUE|\bGATEWAY\b")),
    ("charges", re.compile(r"\bCHGS?\b|\bCHRGS?\b|\bCHARGES?\b|\bFEES?\b|\bGST\b")),
)
# Words that name no person. Everything else of a narration is masked: it may be a name, a UPI id, a phone number.
_CLEAR = frozenset(
    re.findall(
        r"\w+",
        """
        UPI NEFT RTGS IMPS ACH NACH ECS CR DR BY TO FROM OF FOR CASH CDM DEP DEPOSIT DEPOSITS SLIP NO INSURANCE
        ASSURANCE INSURER TPA CLAIM CLAIMS HEALTH POS EDC ACQUIRER ACQUIRING MERCHANT RAZORPAY CASHFREE PAYU BILLDESK
        CCAVENUE GATEWAY SOFTWARE PAYMENTS PRIVATE PVT LIMITED LTD SETTLEMENT SETTLEMENTS PAYOUT CHG CHGS CHRG CHRGS
        CHARGE CHARGES FEE FEES GST SMS REFUND REVERSAL RETURN INTEREST TRANSFER TRF QR CREDIT DEBIT BATCH
        """,
    )
)


def counterparty_class(narration: str) -> CounterpartyClass:
    """Who stands behind a line, by the words that banks use."""
    upper = narration.upper()
    return next((found for found, pattern in _CLASSES if pattern.search(upper)), "unknown")


def masked(narration: str) -> str:
    """The narration with every word that could name a person replaced by stars; stars can be longer than words."""
    return re.sub(r"\w+", lambda word: word[0] if word[0].upper() in _CLEAR else "***", narration)[:MASKED_LENGTH]


def utr(*texts: str) -> str | None:
    """The first bank transfer reference in the texts."""
    return _first(_UTR, *texts)


def rrn(*texts: str) -> str | None:
    """The first retrieval reference number, twelve digits, in the texts."""
    return _first(_RRN, *texts)


def deposit_slip(reference: str, narration: str) -> str | None:
    """The slip of a cash deposit: the bank's reference, else what the narration calls one."""
    if reference:
        return reference
    match = _SLIP.search(narration.upper())
    return match[1] if match else None


def _first(pattern: re.Pattern[str], *texts: str) -> str | None:
    return next((match[0] for text in texts if (match := pattern.search(text.upper()))), None)
