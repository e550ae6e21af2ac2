"""How pictures reach the browser: from a route of our own server, or inside the page where there is no route.

`mmviz app` serves the app together with the route `pictures/<size>/<fingerprint>/<row>`: small, content-addressed
answers that a browser keeps for good. An address names a catalogue and a row, never a path, so that nothing
outside the kept pictures can be asked for. Under plain `streamlit run app.py` there is no such route, and thumbnails
travel as data addresses instead.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from mmviz.catalogue.base import Catalogue

__all__ = ["Size", "address_start", "kept_file", "routes", "source"]

Size = Literal["thumbnail", "image"]
FOREVER = "public, max-age=31536000, immutable"

_routed = False


def source(fingerprint: str, row: int, path: str, size: Size = "thumbnail") -> str:
    """What an `img` element asks for to show one picture; "" when the item has none."""
    if not path:
        return ""
    return f"pictures/{size}/{fingerprint}/{row}" if _routed else _inside(path)


def address_start(fingerprint: str) -> str:
    """What the address of every thumbnail of a catalogue begins with; the row follows. "" where there is no route."""
    return f"pictures/thumbnail/{fingerprint}/" if _routed else ""


def kept_file(catalogue: Catalogue | None, size: str, row: str) -> Path | None:
    """The kept picture that an address stands for, or None when there is no such picture."""
    if catalogue is None or size not in ("thumbnail", "image") or not row.isdecimal():
        return None
    if int(row) >= catalogue.n_items:
        return None
    path = str(catalogue.items[size].iat[int(row)])
    return Path(path) if path and Path(path).is_file() else None


def routes(find: Callable[[str], Catalogue | None]) -> list[BaseRoute]:
    """The routes that serve pictures; `find` gives the catalogue of a fingerprint, or None."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import FileResponse, PlainTextResponse
    from starlette.routing import Route

    global _routed
    _routed = True

    async def picture(request: Request) -> Response:
        asked = request.path_params
        catalogue = await run_in_threadpool(find, asked["fingerprint"])
        path = kept_file(catalogue, asked["size"], asked["row"])
        if path is None:
            return PlainTextResponse("No such picture.", status_code=404)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        headers = {"Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff"}
        return FileResponse(path, media_type=kind, headers=headers)

    return [Route("/pictures/{size}/{fingerprint}/{row}", picture)]


@lru_cache(maxsize=2048)
def _inside(path: str) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError:
        return ""
    kind = mimetypes.guess_type(path)[0] or "image/webp"
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
