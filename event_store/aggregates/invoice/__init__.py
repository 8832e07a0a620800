from event_store.aggregates.invoice import state
from event_store.aggregates.invoice.decide import DECISIONS
from event_store.aggregates.invoice.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="invoice",
    stream="invoice",
    id_prefix="inv",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
