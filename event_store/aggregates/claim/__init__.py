from event_store.aggregates.claim import state
from event_store.aggregates.claim.decide import DECISIONS
from event_store.aggregates.claim.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="claim",
    stream="claim",
    id_prefix="clm",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
