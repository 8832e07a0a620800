from event_store.aggregates.admission import state
from event_store.aggregates.admission.decide import DECISIONS
from event_store.aggregates.admission.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="admission",
    stream="admission",
    id_prefix="adm",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
