"""A visitor without a window: opens a page, holds its session and changes a control, as the browser does over the wire.

Only for ``dashboard.py``; run alone it opens one session of the address given and changes the measure once.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect


class Sitting:
    """One session on the overview."""

    def __init__(self, socket: WebSocketClientConnection, control: str) -> None:
        self._socket, self._control = socket, control

    @classmethod
    async def begin(cls, address: str) -> Sitting:
        """Open the overview and take its document."""
        page = await AsyncHTTPClient().fetch(f"{address}?lang=en", request_timeout=300)
        token = re.search(r'"token":"([^"]+)"', page.body.decode())
        assert token is not None
        host = urlsplit(address).netloc
        socket = await websocket_connect(
            HTTPRequest(f"ws://{host}/ws", headers={"Origin": f"http://{host}"}, request_timeout=300),
            subprotocols=["bokeh", token[1]], max_message_size=200_000_000)
        await _message(socket)  # ACK
        await _send(socket, "PULL-DOC-REQ", {})
        while True:
            kind, content = await _message(socket)
            if kind == "PULL-DOC-REPLY":
                break
        # Panel sends nothing that is changed until the browser says that the page stands.
        await _send(socket, "PATCH-DOC", {"events": [{
            "kind": "MessageSent", "msg_type": "bokeh_event",
            "msg_data": {"type": "event", "name": "document_ready", "values": {}}}]})
        return cls(socket, _control(content["doc"]["roots"]))

    async def change(self, value: str) -> float:
        """Change the measure; milliseconds until the map's new colours are here."""
        started = time.perf_counter()
        await _send(self._socket, "PATCH-DOC", {"events": [
            {"kind": "ModelChanged", "model": {"id": self._control}, "attr": "value", "new": value}]})
        while True:
            _, content = await _message(self._socket)
            if any(event.get("attr") == "paint" for event in (content or {}).get("events", ())):
                return 1000 * (time.perf_counter() - started)

    def end(self) -> None:
        """Leave."""
        self._socket.close()


async def _send(socket: WebSocketClientConnection, kind: str, content: dict[str, Any]) -> None:
    for part in ({"msgid": secrets.token_hex(16).upper(), "msgtype": kind}, {}, content):
        await socket.write_message(json.dumps(part))


async def _message(socket: WebSocketClientConnection) -> tuple[str, Any]:
    """The next whole message: its kind and its content."""
    parts = []
    for _ in range(3):
        part = await socket.read_message()
        if part is None:
            raise ConnectionError("the server closed the session")
        parts.append(json.loads(part))
    for _ in range(2 * int(parts[0].get("num_buffers", 0))):
        await socket.read_message()
    return str(parts[0]["msgtype"]), parts[2]


def _control(tree: Any) -> str:
    """The id of the model behind the choice of the measure."""
    todo = [tree]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            held = item.get("attributes", {})
            if isinstance(held, dict) and "measure" in (held.get("css_classes") or ()) and "data" in held:
                return str(held["data"]["id"])
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    raise LookupError("the page has no choice of the measure")


async def _once(address: str) -> None:
    sitting = await Sitting.begin(address)
    print(f"{await sitting.change('volunteers'):.0f} ms")
    sitting.end()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("give the address of a running dashboard; 'dashboard.py' starts one of its own")
    else:
        asyncio.run(_once(sys.argv[1]))
