from event_store.aggregates.schedule import state
from event_store.aggregates.schedule.decide import DECISIONS
from event_store.aggregates.schedule.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="schedule",
    stream="schedule",
    id_prefix="sch",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
