from event_store.aggregates.settlement_file import state
from event_store.aggregates.settlement_file.decide import DECISIONS
from event_store.aggregates.settlement_file.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="settlement_file",
    stream="sfile",
    id_prefix="sfile",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
)
