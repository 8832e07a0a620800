from event_store.aggregates.export import state
from event_store.aggregates.export.decide import DECISIONS
from event_store.aggregates.export.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="export",
    stream="export",
    id_prefix="exp",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
