"""What the server says of itself: whether the store can be read and pages can be built."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.request
from typing import Any

from tornado.web import RequestHandler

from dashboards import problems
from dashboards.desk import Desk
from jitasa_analytics import areas
from jitasa_analytics.errors import JitasaError

# Another run of the server has another name: an open page then knows that its session is gone.
INSTANCE = secrets.token_hex(6)


def state(desk: Desk) -> dict[str, Any]:
    """The truth about store and pages; opens the current version and reads from it.

    Returns
    -------
    dict
        ``status`` (``ok`` or ``failing``), ``store`` (readable, version, made, areas or why not), ``pages`` (how many
        were built and could not be built, and whether the last one could).
    """
    try:
        manifest = desk.manifest()
        with desk.snapshot(areas.COUNTRY) as snapshot:
            held = snapshot.count("areas")
        store: dict[str, Any] = {"readable": True, "version": manifest.version, "made": manifest.created_at,
                                 "sample": manifest.sample, "areas": held}
    except JitasaError as error:
        store = {"readable": False, "why": str(error)}
    except Exception as error:
        store = {"readable": False, "why": f"problem {problems.record(error)} in the log"}
    pages = problems.pages()
    well = store["readable"] and store.get("areas", 0) > 0 and pages["last_built"]
    return {"status": "ok" if well else "failing", "store": store, "pages": pages, "instance": INSTANCE}


class Health(RequestHandler):
    """``/healthz``: 200 where store and pages work, 503 where not; ``?pages=1`` builds the overview first."""

    def initialize(self, desk: Desk) -> None:
        """Take the desk."""
        self.desk = desk

    async def get(self) -> None:
        """Answer with what `state` finds."""
        if self.get_argument("pages", ""):
            where = f"{self.request.protocol}://{self.request.host}/"
            await asyncio.to_thread(_built, where)
        found = await asyncio.to_thread(state, self.desk)
        self.set_status(200 if found["status"] == "ok" else 503)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write(json.dumps(found, ensure_ascii=False))


class Version(RequestHandler):
    """``/version``: what an open page asks now and then; costs one small file."""

    def initialize(self, desk: Desk) -> None:
        """Take the desk."""
        self.desk = desk

    def get(self) -> None:
        """Answer with the store's version and the server's name."""
        try:
            version = self.desk.manifest().version
        except Exception:
            version = -1
        self.set_header("Cache-Control", "no-store")
        self.write({"version": version, "instance": INSTANCE})


class Outlines(RequestHandler):
    """``/outlines/NAME``: outlines for the map, which the browser keeps for good."""

    def initialize(self, desk: Desk) -> None:
        """Take the desk."""
        self.desk = desk

    def get(self, name: str) -> None:
        """Answer with the gzipped outlines."""
        content = self.desk.served(name)
        if content is None:
            self.set_status(404)
            return
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.write(content)


def patterns(desk: Desk) -> list[Any]:
    """The addresses that are no pages."""
    return [(r"/healthz", Health, {"desk": desk}), (r"/version", Version, {"desk": desk}),
            (r"/outlines/([a-z]+\.[\w:.-]+\.[0-9a-f]+\.json)", Outlines, {"desk": desk})]


def _built(where: str) -> None:
    try:
        with urllib.request.urlopen(where, timeout=60) as response:
            response.read()
    except OSError as error:
        problems.record(error)
