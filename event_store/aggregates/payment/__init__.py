from event_store.aggregates.payment import state
from event_store.aggregates.payment.decide import DECISIONS
from event_store.aggregates.payment.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="payment",
    stream="payment",
    id_prefix="pay",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
