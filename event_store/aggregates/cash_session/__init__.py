from event_store.aggregates.cash_session import state
from event_store.aggregates.cash_session.decide import DECISIONS
from event_store.aggregates.cash_session.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="cash_session",
    stream="cash",
    id_prefix="cash",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
