from event_store.aggregates.bed import state
from event_store.aggregates.bed.decide import DECISIONS
from event_store.aggregates.bed.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="bed",
    stream="bed",
    id_prefix="bed",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
