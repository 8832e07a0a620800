"""What may be asked of an advised service."""

from __future__ import annotations
