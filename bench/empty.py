"""A Litestar POST that does nothing: what HTTP alone costs on this machine."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from litestar import Litestar, Request, post


@post("/", status_code=200)
async def nothing(request: Request[Any, Any, Any]) -> dict[str, str]:
    await request.json()
    return {"status": "accepted"}


if __name__ == "__main__":
    app = Litestar([nothing], logging_config=None, openapi_config=None)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
