from event_store.aggregates.appointment import state
from event_store.aggregates.appointment.decide import DECISIONS
from event_store.aggregates.appointment.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="appointment",
    stream="appointment",
    id_prefix="appt",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
