"""What may be asked of a notification."""

from __future__ import annotations
