"""What may be asked of a data subject."""

from __future__ import annotations
