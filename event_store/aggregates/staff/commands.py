"""What may be asked of a member of staff."""

from __future__ import annotations
