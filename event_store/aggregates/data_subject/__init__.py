from event_store.aggregates.data_subject import state
from event_store.aggregates.data_subject.decide import DECISIONS
from event_store.aggregates.data_subject.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="data_subject",
    stream="subject",
    id_prefix="pat",  # a subject is named by the patient it is
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
