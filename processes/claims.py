"""S10: a billed stay whose payer has approved it waits for finance with its claim filled in; and the payer's own
questions wait for their answers. No claim goes out by itself: only finance submits one (C107).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from event_store.aggregates.admission.events import AdmissionBilled
from event_store.aggregates.claim.commands import SubmitClaim
from event_store.recorded import Recorded
from mymedic.deciding import Streams
from mymedic.money import share_bps
from mymedic.receivables import outstanding
from processes.world import Timer, World

SUBMIT, ANSWER = "submit_claim", "answer_query"
# The first bucket of a claim's ageing: a bill that lies longer has been forgotten.
SUBMIT_WITHIN = timedelta(days=3)
AGAIN = timedelta(days=1)


def on_billed(event: Recorded, billed: AdmissionBilled, world: World) -> None:
    for claim in world.related("claim", "admission", event.admission_id or ""):
        _await_submission(claim, world)


def on_decided(event: Recorded, _: object, world: World) -> None:
    """The payer's word on the preauthorisation may come after the bill; and with a decision its questions are over."""
    claim = world.state("claim", event.stream_id.removeprefix("claim-"))
    _await_submission(claim, world)
    _await_answer(claim, world)


def on_submitted(event: Recorded, _: object, world: World) -> None:
    claim = world.state("claim", event.stream_id.removeprefix("claim-"))
    world.forget(SUBMIT, claim.claim_id)
    _await_answer(claim, world)


def on_query(event: Recorded, _: object, world: World) -> None:
    _await_answer(world.state("claim", event.stream_id.removeprefix("claim-")), world)


def fire(timer: Timer, world: World) -> None:
    """Nothing can be sent for people who are late; whoever runs the server is told, once a day, until it is done."""
    claim = world.state("claim", timer.id)
    is_late = prefilled(world, timer.id) is not None if timer.kind == SUBMIT else claim.query_due_at is not None
    if is_late:
        world.warn(timer)
        world.remind(world.now + AGAIN, timer.kind, timer.id, told=timer.told + 1)


def prefilled(streams: Streams, claim_id: str) -> SubmitClaim | None:
    """The claim that finance would submit now; None unless the stay is billed, approved, and something is to claim.

    The patient's share is the payer's percentage of the bill, less what the patient has paid of it.
    """
    claim = streams.state("claim", claim_id)
    if claim.status != "preauth_approved" or claim.admission_id is None:
        return None
    invoice_id = streams.state("admission", claim.admission_id).invoice_id
    if invoice_id is None:
        return None
    total = streams.state("invoice", invoice_id).total_paise
    left = outstanding(streams, invoice_id)
    copay = min(left, max(0, share_bps(total, claim.copay_bps) - (total - left)))
    if left == copay:
        return None
    return SubmitClaim(claim_id=claim_id, invoice_id=invoice_id, claimed_paise=left - copay, copay_paise=copay)


def _await_submission(claim: Any, world: World) -> None:
    if prefilled(world, claim.claim_id) is not None:
        world.remind(world.now + SUBMIT_WITHIN, SUBMIT, claim.claim_id)
    else:
        world.forget(SUBMIT, claim.claim_id)


def _await_answer(claim: Any, world: World) -> None:
    if claim.query_due_at is None:
        world.forget(ANSWER, claim.claim_id)
    else:
        world.remind(max(claim.query_due_at, world.now), ANSWER, claim.claim_id)
