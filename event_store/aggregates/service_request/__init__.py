from event_store.aggregates.service_request import state
from event_store.aggregates.service_request.decide import DECISIONS
from event_store.aggregates.service_request.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="service_request",
    stream="servicerequest",
    id_prefix="sreq",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
