"""Ends the keys that committed destructions condemned, and gives back those whose destruction was not kept.

The log and the keys are two databases. So a key is first made unusable, durably; then the log commits the event that
says so; then the key is destroyed. Whatever a crash leaves half done is settled at the next start or transaction.
"""

from __future__ import annotations

import msgspec

from event_store.ledger.session import Ledger
from event_store.retention.keys import Vault
from mymedic.clock import Clock, micros
from mymedic.messages import Ack


def settle(ledger: Ledger, vault: Vault, clock: Clock) -> None:
    """Ask the log about every condemned key. Under the tenant's lock: its command may be about to commit elsewhere."""
    for key in vault.condemned():
        with ledger.write() as session:
            session.take(key.tenant_id)
            answered = session.command(key.tenant_id, key.command_id)
        if answered is not None and msgspec.json.decode(answered[1], type=Ack).status == "accepted":
            vault.end(key, micros(clock.now()))
        else:
            vault.spare(key)
