"""The rules of a claim, one file per stage; what each command is decided by."""

from event_store.aggregates.claim import commands as c
from event_store.aggregates.claim.decide.adjudicating import record_claim_decision, request_claim_reprocess
from event_store.aggregates.claim.decide.claiming import submit_claim
from event_store.aggregates.claim.decide.coverage import check_coverage, coverage_target, record_coverage
from event_store.aggregates.claim.decide.ending import cancel_claim, close_claim
from event_store.aggregates.claim.decide.preauth import (
    record_preauth_decision,
    request_preauth_enhancement,
    submit_preauth,
)
from event_store.aggregates.claim.decide.queries import answer_claim_query, raise_claim_query
from event_store.aggregates.claim.decide.settling import record_claim_settlement
from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {
    c.CheckCoverage: Decision(check_coverage, target="claim_id", creates=True),
    c.RecordCoverage: Decision(record_coverage, target=coverage_target),
    c.SubmitPreauth: Decision(submit_preauth, target="claim_id"),
    c.RecordPreauthDecision: Decision(record_preauth_decision, target="claim_id"),
    c.RequestPreauthEnhancement: Decision(request_preauth_enhancement, target="claim_id"),
    c.SubmitClaim: Decision(submit_claim, target="claim_id"),
    c.RaiseClaimQuery: Decision(raise_claim_query, target="claim_id"),
    c.AnswerClaimQuery: Decision(answer_claim_query, target="claim_id"),
    c.RecordClaimDecision: Decision(record_claim_decision, target="claim_id"),
    c.RequestClaimReprocess: Decision(request_claim_reprocess, target="claim_id"),
    c.RecordClaimSettlement: Decision(record_claim_settlement, target="claim_id"),
    c.CloseClaim: Decision(close_claim, target="claim_id"),
    c.CancelClaim: Decision(cancel_claim, target="claim_id"),
}
