from event_store.aggregates.branch import state
from event_store.aggregates.branch.decide import DECISIONS
from event_store.aggregates.branch.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="branch",
    stream="branch",
    id_prefix="brn",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
