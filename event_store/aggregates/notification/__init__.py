from event_store.aggregates.notification import state
from event_store.aggregates.notification.decide import DECISIONS
from event_store.aggregates.notification.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="notification",
    stream="notification",
    id_prefix="ntf",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
