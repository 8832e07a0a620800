from event_store.aggregates.price import state
from event_store.aggregates.price.decide import DECISIONS
from event_store.aggregates.price.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="price",
    stream="price",
    id_prefix="prc",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
)
