"""What of an invoice is still to be paid: one rule that payments, invoices and claims share (INV-P3)."""

from __future__ import annotations

from mymedic.deciding import Streams


def allocated(streams: Streams, invoice_id: str) -> int:
    """Paise of payments that stand against the invoice."""
    return sum(payment.allocated_to(invoice_id) for payment in streams.related("payment", "invoice", invoice_id))


def claimed(streams: Streams, invoice_id: str) -> int:
    """Paise of the invoice that claims have moved to payers and not given back."""
    return sum(claim.claimed_of(invoice_id) for claim in streams.related("claim", "invoice", invoice_id))


def outstanding(streams: Streams, invoice_id: str) -> int:
    """Paise of an invoice that neither a payment nor a claim stands against; 0 when there is no such invoice."""
    invoice = streams.state("invoice", invoice_id)
    return int(invoice.outstanding(allocated(streams, invoice_id), claimed(streams, invoice_id)))
