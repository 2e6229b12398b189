"""``/manuals``: the manuals for everybody, and training material for who is signed in."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from jitasa_analytics import texts
from jitasa_analytics.service import manuals
from jitasa_analytics.service.web.base import Handler, House


class Listed(Handler):
    """Every manual, and the training material."""

    def get(self) -> None:
        """Show the list."""
        user = self.current_user
        inside = user is not None and user.may("see")
        files = [(name, quote(name), f"{size / 1e6:,.1f} MB" if size > 1e6 else f"{size / 1e3:,.0f} kB")
                 for name, size in manuals.training()] if inside else []
        self.page("manuals", texts.say("manuals.title", self.lang), manuals=manuals.known(self.lang), files=files,
                  inside=inside, tell=lambda key: texts.say(f"manuals.{key}", self.lang))


class One(Handler):
    """A manual."""

    def get(self, slug: str) -> None:
        """Show it."""
        found = next((m for m in manuals.known(self.lang) if m.slug == slug), None)
        if found is None:
            raise HTTPError(404)
        self.page("manual", found.title, body=found.html, tell=lambda key: texts.say(f"manuals.{key}", self.lang))


class Training(StaticFileHandler):
    """A file of the training folder, as a download: whatever it holds, it is never run as a page of ours."""

    def set_extra_headers(self, path: str) -> None:
        """Say that it is to be kept, not shown."""
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(path)}")

    async def get(self, path: str, include_body: bool = True) -> None:
        """Give a file that the list names, and no other."""
        if path not in {name for name, _ in manuals.training()}:
            raise HTTPError(404)
        await super().get(path, include_body)


def patterns(house: House) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """The addresses of the manuals."""
    given = {"house": house}
    return [(r"/manuals", Listed, given),
            (r"/manuals/images/([\w.-]+)", StaticFileHandler, {"path": str(manuals.folder() / "images")}),
            (r"/manuals/(\w+)", One, given),
            (r"/training/([^/]+)", Training, {"path": os.environ.get(manuals.TRAINING) or os.devnull})]
