"""The rules of an invoice: one file per topic; here, which command is decided where."""

from event_store.aggregates.invoice import commands as c
from event_store.aggregates.invoice.decide.correcting import issue_credit_note, write_off_balance
from event_store.aggregates.invoice.decide.importing import foreseen, import_billing, imported_id
from event_store.aggregates.invoice.decide.issuing import issue_invoice
from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {
    c.IssueInvoice: Decision(issue_invoice, creates=True),
    c.IssueCreditNote: Decision(issue_credit_note, target="invoice_id"),
    c.WriteOffBalance: Decision(write_off_balance, target="invoice_id"),
    c.ImportBilling: Decision(import_billing, target=imported_id, creates=None, foresees=foreseen),
}
