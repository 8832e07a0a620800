from event_store.aggregates.policy import state
from event_store.aggregates.policy.decide import DECISIONS
from event_store.aggregates.policy.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="policy",
    stream="policy",
    id_prefix="pol",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
)
