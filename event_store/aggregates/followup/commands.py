"""What may be asked of a follow-up."""

from __future__ import annotations
