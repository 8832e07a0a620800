from event_store.aggregates.practitioner import state
from event_store.aggregates.practitioner.decide import DECISIONS
from event_store.aggregates.practitioner.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="practitioner",
    stream="practitioner",
    id_prefix="prac",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
)
