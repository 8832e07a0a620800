"""Write every generated page anew."""

from __future__ import annotations

from apps.reference.pages import PAGES, REFERENCE, page


def main() -> None:
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (REFERENCE / name).write_text(page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
