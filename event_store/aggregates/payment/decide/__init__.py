"""The rules of a payment, one file per matter; what each command is decided by."""

from event_store.aggregates.payment import commands as c
from event_store.aggregates.payment.decide.allocation import allocate_payment, deallocate_payment
from event_store.aggregates.payment.decide.capture import (
    capture_payment,
    capture_target,
    expire_payment,
    fail_payment,
    record_authorization,
)
from event_store.aggregates.payment.decide.counter import record_counter_payment, reverse_payment
from event_store.aggregates.payment.decide.dispute import dispute_target, open_dispute, resolve_dispute, update_dispute
from event_store.aggregates.payment.decide.forfeit import forfeit_deposit, reverse_forfeit
from event_store.aggregates.payment.decide.initiate import initiate_payment, initiate_target
from event_store.aggregates.payment.decide.payout import (
    initiate_refund,
    record_refund_failed,
    record_refund_processed,
)
from event_store.aggregates.payment.decide.refund import approve_refund, reject_refund, request_refund
from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {
    c.InitiatePayment: Decision(initiate_payment, target=initiate_target, creates=None),
    c.RecordAuthorization: Decision(record_authorization, target="payment_id"),
    c.CapturePayment: Decision(capture_payment, target=capture_target, creates=None),
    c.FailPayment: Decision(fail_payment, target="payment_id"),
    c.ExpirePayment: Decision(expire_payment, target="payment_id"),
    c.RecordCounterPayment: Decision(record_counter_payment, creates=True),
    c.AllocatePayment: Decision(allocate_payment, target="payment_id"),
    c.DeallocatePayment: Decision(deallocate_payment, target="payment_id"),
    c.ReversePayment: Decision(reverse_payment, target="payment_id"),
    c.ForfeitDeposit: Decision(forfeit_deposit, target="payment_id"),
    c.ReverseForfeit: Decision(reverse_forfeit, target="payment_id"),
    c.RequestRefund: Decision(request_refund, target="payment_id"),
    c.ApproveRefund: Decision(approve_refund, target="payment_id"),
    c.RejectRefund: Decision(reject_refund, target="payment_id"),
    c.InitiateRefund: Decision(initiate_refund, target="payment_id"),
    c.RecordRefundProcessed: Decision(record_refund_processed, target="payment_id"),
    c.RecordRefundFailed: Decision(record_refund_failed, target="payment_id"),
    c.OpenDispute: Decision(open_dispute, target="payment_id"),
    c.UpdateDispute: Decision(update_dispute, target=dispute_target),
    c.ResolveDispute: Decision(resolve_dispute, target=dispute_target),
}
