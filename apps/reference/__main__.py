"""Write every generated page anew."""

from __future__ import annotations

from apps.reference.pages import REFERENCE, pages


def main() -> None:
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
