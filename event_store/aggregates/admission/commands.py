"""What may be asked of an admission."""

from __future__ import annotations
