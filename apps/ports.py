"""Ports on loopback: asked for before anything is opened, so that a taken one is said and nothing has to be undone."""

from __future__ import annotations

import socket

from mymedic.errors import Refused

# As many callers may wait while the server opens its store.
_WAITING = 2048


def listening(port: int, option: str = "port") -> socket.socket:
    """A socket that listens there; VALIDATION_FAILED with the option to say otherwise."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that has just ended keeps nobody out
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        message = f"port {port} cannot be used ({error.strerror}); say another --{option}"
        raise Refused("VALIDATION_FAILED", message, field=option) from error
    return listener


def require_free(port: int, option: str = "port") -> None:
    """For a server that can be given a port, not a socket."""
    listening(port, option).close()
