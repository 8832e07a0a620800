"""The published books, as an auditor's answer shows them: which ledger entries an event posted."""

from __future__ import annotations

from collections.abc import Collection

from event_store.audit.forfeits import LedgerEntry, Posted
from exports.warehouse import opened
from mymedic.settings import Settings


class PublishedBooks:
    """`event_store.audit.forfeits.Books` over the warehouses of an installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def posted(self, tenant_id: str, seqs: Collection[int]) -> Posted | None:
        path = self._settings.warehouse_dir / f"{tenant_id}.duckdb"
        if not path.exists():
            return None
        with opened(path) as connection:
            ((last_seq,),) = connection.execute("SELECT last_seq FROM build_info").fetchall()
            rows = connection.execute(
                "SELECT entry_group, posting, entries.account, account_name, side, amount_paise, branch_id"
                " FROM fct_ledger_entry AS entries INNER JOIN dim_account AS accounts"
                " ON accounts.tenant_id = entries.tenant_id AND accounts.account = entries.account"
                " WHERE list_contains(?, entries.entry_group) ORDER BY 1, side DESC, 3",
                (list(seqs),),
            ).fetchall()
        names = LedgerEntry.__struct_fields__
        return Posted(
            last_seq=last_seq, entries=tuple(LedgerEntry(**dict(zip(names, row, strict=True))) for row in rows)
        )
