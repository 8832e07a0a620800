"""What may be asked of a bed."""

from __future__ import annotations
