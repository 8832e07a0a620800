from event_store.aggregates.encounter import state
from event_store.aggregates.encounter.decide import DECISIONS
from event_store.aggregates.encounter.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="encounter",
    stream="encounter",
    id_prefix="enc",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
