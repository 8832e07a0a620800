from event_store.aggregates.patient import state
from event_store.aggregates.patient.decide import DECISIONS
from event_store.aggregates.patient.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="patient",
    stream="patient",
    id_prefix="pat",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
