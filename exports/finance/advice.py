"""What a finance person does about each kind of exception."""

from __future__ import annotations

ADVICE: dict[str, str] = {
    "missing_settlement": "Ask the gateway for the settlement of this id; it is overdue.",
    "amount_mismatch_short": "Claim the rest from the gateway; its line pays less than was captured.",
    "amount_mismatch_over": "Hold the surplus; the gateway will take it back or owes an explanation.",
    "matched_fee_variance": "Dispute the fee; it is not what the contract says.",
    "orphan_settlement": "Find whose payment this is; link it, or return it to the gateway.",
    "duplicate_settlement": "Keep the duplicate apart; the gateway will reverse it.",
    "status_conflict": "The gateway settled what we never captured: fetch the payment and capture it.",
    "unexpected_adjustment": "Ask the gateway what this adjustment is for.",
    "disputed": "Answer the dispute with evidence before its date.",
    "batch_missing": "Ask the bank for the credit with this UTR; it is overdue.",
    "batch_amount_mismatch": "Compare the bank's credit with the settlement; ask the gateway for the difference.",
    "unidentified_bank_credit": "Find which settlement this bank credit belongs to.",
    "cash_short": "Talk to whoever closed the drawer; recount the float.",
    "cash_over": "Look for a payment that was taken and not entered.",
    "deposit_missing": "Ask the bank for the deposit with this slip; it is overdue.",
    "deposit_mismatch": "Compare the slip with the bank's credit; recount the bag.",
    "qr_missing": "Look for this RRN on the bank statement; it is overdue.",
    "qr_amount_mismatch": "Compare the QR payment with the bank's credit.",
    "claim_missing": "Ask the payer for proof of the transfer and the bank for this UTR; it is overdue.",
    "claim_amount_mismatch": "Compare the payer's advice with the bank's credit; ask the payer for the difference.",
    "qr_orphan_credit": "Find the visit that this QR credit paid for and enter it.",
}


def advice_sql(column: str) -> str:
    """The advice as a CASE over a class column."""
    whens = " ".join(f"WHEN '{name}' THEN '{text.replace(chr(39), chr(39) * 2)}'" for name, text in ADVICE.items())
    return f"CASE {column} {whens} ELSE 'Look into it.' END"
