"""Files go in as bytes, through the product's own doors; what the product calls each row is noted in the books."""

from __future__ import annotations

from event_store.aggregates.payment.commands import RecordRefundProcessed
from event_store.aggregates.settlement_file.events import SettlementLineRecorded
from event_store.recorded import Recorded
from integrations.bank.inbound import ingest_statement
from integrations.gateway.inbound import ingest_settlement
from integrations.ingest import IngestReport
from mymedic.messages import Actor
from simulator.books.records import Line, Refund
from simulator.desk import SimulationError
from simulator.stage import House

DOOR = Actor(type="integration", id="integration:files", roles=("IN",))


class Doors:
    """The doors of one tenant."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._ids: dict[tuple[str, str, str, str], str] = {}
        house.stage.desk.watch("SettlementLineRecorded", self._note_line)

    def settlement(self, gateway: str, format: str, name: str, data: bytes) -> None:
        """Hand in a settlement file, of which every row is news."""
        report = self._hand_in(gateway, format, name, data)
        self._conclude(report, "accepted", report.rows)

    def settlement_again(self, gateway: str, format: str, name: str, data: bytes, wanted: str) -> None:
        """Hand in what is known already: it must be called `wanted`, and no row of it recorded."""
        self._conclude(self._hand_in(gateway, format, name, data), wanted, 0)

    def settlement_of(self, tenant_id: str, gateway: str, name: str, data: bytes) -> None:
        """Hand in a file at another tenant's door."""
        report = ingest_settlement(
            self._house.stage.desk.batch, tenant_id, data, name, "razorpay_recon_csv_v1", gateway, DOOR
        )
        self._conclude(report, "accepted", report.rows)

    def tell_refund(self, refund: Refund) -> None:
        """The bank or the acquirer reports what it has paid back, under its own reference."""
        assert refund.processed_at is not None
        command = RecordRefundProcessed(
            payment_id=refund.receipt.id,
            refund_id=refund.id,
            arn_or_rrn=refund.reference,
            processed_at=refund.processed_at,
        )
        self._house.stage.desk.ask(self._house.tenant.id, DOOR, command, refund.id)

    def _hand_in(self, gateway: str, format: str, name: str, data: bytes) -> IngestReport:
        return ingest_settlement(self._house.stage.desk.batch, self._house.tenant.id, data, name, format, gateway, DOOR)

    def statement(self, account: str, name: str, data: bytes) -> None:
        desk, tenant_id = self._house.stage.desk, self._house.tenant.id
        report = ingest_statement(desk.batch, tenant_id, data, name, "bank_csv_v1", account, DOOR)
        self._conclude(report, "accepted", report.rows)

    def line_id(self, gateway: str, line: Line) -> str:
        """What the product calls a row."""
        return self._ids[gateway, line.entity_type, line.entity_id, line.settlement_id]

    def _conclude(self, report: IngestReport, wanted: str, recorded: int) -> None:
        self._house.stage.desk.follow_up()
        if report.status != wanted or report.rows_recorded != recorded:
            raise SimulationError(f"{self._house.tenant.id} {report}, not {wanted} with {recorded} rows")

    def _note_line(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, SettlementLineRecorded)
        if recorded.tenant_id == self._house.tenant.id:
            key = (event.gateway, event.entity_type, event.entity_id, event.settlement_id or "")
            self._ids[key] = event.line_id
