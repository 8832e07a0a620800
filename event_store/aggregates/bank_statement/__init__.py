from event_store.aggregates.bank_statement import state
from event_store.aggregates.bank_statement.decide import DECISIONS
from event_store.aggregates.bank_statement.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="bank_statement",
    stream="bstm",
    id_prefix="bstm",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
)
