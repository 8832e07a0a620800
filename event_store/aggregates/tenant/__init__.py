from event_store.aggregates.tenant import state
from event_store.aggregates.tenant.decide import DECISIONS
from event_store.aggregates.tenant.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="tenant",
    stream="tenant",
    id_prefix="ten",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
