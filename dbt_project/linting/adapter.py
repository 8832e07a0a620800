"""What sqlfluff sees in place of a macro that each engine has its own form of: a call by its name."""

from collections.abc import Callable


def dispatch(macro: str, package: str) -> Callable[..., str]:
    return lambda *arguments: f"{macro}({', '.join(map(str, arguments))})"
