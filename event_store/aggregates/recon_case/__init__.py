from event_store.aggregates.recon_case import state
from event_store.aggregates.recon_case.decide import DECISIONS
from event_store.aggregates.recon_case.events import EVENTS
from mymedic.deciding import Aggregate

AGGREGATE = Aggregate(
    name="recon_case",
    stream="rcase",
    id_prefix="rcase",
    new_state=state.State,
    evolve=state.evolve,
    guards=state.guards,
    events=EVENTS,
    decisions=DECISIONS,
    machines=state.MACHINES,
)
