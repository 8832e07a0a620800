from event_store.aggregates.staff import state
from event_store.aggregates.staff.decide import DECISIONS
from event_store.aggregates.staff.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="staff",
    stream="staff",
    id_prefix="stf",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
)
