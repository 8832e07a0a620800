"""What may be asked of a claim."""

from __future__ import annotations
