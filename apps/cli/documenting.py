"""`docs`: every model of the warehouse with its columns, tests and lineage, as one page on loopback."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated

import typer

from apps.cli.console import OUT
from apps.cli.options import HomeOption, TenantOption
from apps.ports import require_free
from mymedic.errors import Refused
from mymedic.settings import Settings, settings_of
from pipelines.describe import describe

# The page is one file with its scripts in it; a browser is told to fetch nothing else.
_POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:"
_POLICY += "; font-src data:; connect-src 'self'"


def register(app: typer.Typer) -> None:
    app.callback()(lambda: None)  # or Typer takes the only word for the program itself
    app.command()(docs)


def docs(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the page, or only write it.")] = True,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = 8081,
    tenant: TenantOption = None,
    home: HomeOption = None,
) -> None:
    """Write the documentation of the warehouse and serve it on 127.0.0.1 until Ctrl-C."""
    if serve:
        require_free(port)  # before seconds go into the page
    settings = settings_of(home)
    folder = settings.resolved_home / "docs"
    page = describe(folder / "work", folder, _any_published(settings, tenant))
    OUT.print(f"written: {page}", highlight=False, soft_wrap=True)
    if not serve:
        return
    with server_of(page, port) as server:
        OUT.print(f"http://127.0.0.1:{server.server_port}/ (Ctrl-C stops it)", highlight=False)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            OUT.print("stopped", highlight=False)


def server_of(page: Path, port: int) -> ThreadingHTTPServer:
    """A server of this one page on loopback; every other path is 404, and a client that stalls is let go."""
    body = page.read_bytes()

    class Page(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            is_page = self.path.partition("?")[0] in ("/", "/index.html")
            self.send_response(200 if is_page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body) if is_page else 0))
            self.send_header("Content-Security-Policy", _POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if is_page:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A line per request would bury the address."""

    return ThreadingHTTPServer(("127.0.0.1", port), Page)


def _any_published(settings: Settings, tenant: str | None) -> Path | None:
    """A published warehouse to take the columns' types from: all tenants have the same tables."""
    known = sorted(settings.warehouse_dir.glob(f"{tenant or 'ten_*'}.duckdb"))
    if tenant is not None and not known:
        raise Refused("NOT_FOUND", f"{tenant} has no published warehouse; run `mymedic build`", tenant=tenant)
    return known[0] if known else None
