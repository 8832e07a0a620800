from event_store.aggregates.followup import state
from event_store.aggregates.followup.decide import DECISIONS
from event_store.aggregates.followup.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="followup",
    stream="followup",
    id_prefix="fup",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
