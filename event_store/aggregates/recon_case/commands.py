"""What may be asked of a reconciliation case."""

from __future__ import annotations
