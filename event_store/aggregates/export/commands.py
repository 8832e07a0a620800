"""What may be asked of an export."""

from __future__ import annotations
