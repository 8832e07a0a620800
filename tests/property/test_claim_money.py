"""Whatever a hospital and a payer do to a claim, its sums hold (INV-C1), and those of its invoice (INV-P3)."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.property.money.claim_steps import ClaimSteps
from tests.property.money.world import World
from tests.unit.event_store.claim.ward import a_hospital

EXAMPLES, HISTORIES, LENGTH = 3, 2000, 16
WANTED = {
    "CoverageEligibilityRecorded",
    "PreauthApproved",
    "PreauthApproved exceeds_claim",
    "PreauthApproved unexpected_state",
    "PreauthRejected",
    "PreauthEnhancementRequested",
    "ClaimSubmitted",
    "ClaimQueried",
    "ClaimQueried unexpected_state",
    "ClaimQueryAnswered",
    "ClaimAdjudicated",
    "ClaimAdjudicated amount_mismatch",
    "ClaimAdjudicated exceeds_claim",
    "ClaimAdjudicated unexpected_state",
    "ClaimReprocessRequested",
    "ClaimSettled",
    "ClaimSettled exceeds_approved",
    "ClaimSettled unexpected_state",
    "ClaimClosed",
    "ClaimCancelled",
    "PaymentAllocated",
}


@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 2**62))
def test_the_sums_of_a_claim_hold_whatever_happens_inv_c1_p3(seed: int) -> None:
    """The checks stand in `World`, after every event. Half of the histories go by the rules, half are wild."""
    base = a_hospital()
    issued = next(event for aggregate, _, event in base.log if aggregate == "invoice")
    world = World(base, {"inv_1": issued})
    steps = ClaimSteps(world, seed)
    reached: set[str] = set()
    for number in range(HISTORIES):
        steps.history(LENGTH, chaos=0.4 if number % 2 else 0.02)
        reached.add(steps.claim.status)
    assert not WANTED - set(world.seen), "histories have become too poor"
    assert {"closed", "settled", "cancelled", "rejected", "claim_queried", "reprocess_requested"} <= reached
