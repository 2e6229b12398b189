"""The shell: routes, the frame around every page, the error page, and the server."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn

from dashboards import frame, health, problems
from dashboards.desk import Desk
from dashboards.pages import Page, routes
from dashboards.tidy import keep_tidy
from dashboards.tiles import Tiles
from jitasa_analytics import texts
from jitasa_analytics.errors import JitasaError, ServeError, StoreError
from jitasa_analytics.service.web.base import House
from jitasa_analytics.service.web.doors import Doors
from jitasa_analytics.service.web.routes import patterns, server_options, stand_before
from jitasa_analytics.show import fonts
from jitasa_analytics.store import open_store

ASSETS = Path(__file__).resolve().parent / "assets"


def serve(store: Path, port: int, *, address: str = "127.0.0.1", show: bool = False, lang: str | None = None,
          on_ready: Callable[[str], None] | None = None, people: Doors | None = None,
          tiles: Tiles | None = None) -> None:
    """Serve the dashboard of a store until it is stopped.

    Parameters
    ----------
    store : Path
        The store's folder.
    port : int
    address : str
        The interface to listen on; only this machine by default.
    show : bool
        Open a browser.
    lang : {"th", "en"}, optional
        Language of what is printed.
    people : Doors, optional
        How people sign in and what is open without; nobody signs in where it is left out, and then the
        server can listen on this machine only.
    on_ready : callable, optional
        Called with the address when a page has really been built and answered; prints it by default.
    tiles : Tiles, optional
        A source of map tiles; none by default, and the boundaries are the basemap.

    Raises
    ------
    StoreError
        If there is no store, a damaged one, or one without any area.
    ServeError
        If the port is in use or may not be used, the first page can't be built, or others could reach the
        server without signing in.
    """
    doors = people or Doors()
    doors.check(address)
    speech = lang or texts.preferred()
    check_store(store)
    check_port(address, port)
    server = make_server(store, port, address=address, people=doors, tiles=tiles)
    where = f"http://{'127.0.0.1' if address in {'0.0.0.0', '::'} else address}:{port}/"
    failed: list[BaseException] = []

    def try_page() -> None:
        try:
            _first_page(where)
        except Exception as error:
            failed.append(error)
            server.io_loop.add_callback(server.io_loop.stop)
            return
        (on_ready or (lambda at: print(texts.say("dashboard.ready", speech, address=at), flush=True)))(where)
        if show:
            server.io_loop.add_callback(server.show, "/")

    threading.Thread(target=try_page, name="first-page", daemon=True).start()
    try:
        server.start()
        server.io_loop.add_callback(keep_tidy, server)
        server.io_loop.start()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
    if failed:
        raise ServeError(f"the dashboard started but its first page can't be built: {failed[0]}",
                         key="dashboard.error.first_page", why=str(failed[0])) from failed[0]


def check_store(folder: Path) -> None:
    """Refuse to serve what no page can be built from.

    Raises
    ------
    StoreError
        Saying what is wrong and what to do.
    """
    held = open_store(folder).manifest().datasets
    if not (held.get("areas") and held["areas"].rows):
        raise StoreError(f"the store at {folder} holds no areas yet, so there is no map to show; import them with "
                         f"'jitasa import areas FILE --store {folder}', or build the sample with 'jitasa demo'",
                         key="dashboard.error.no_areas", path=str(folder))
    with open_store(folder).snapshot():
        pass


def check_port(address: str, port: int) -> None:
    """Refuse a port that can't be listened on.

    Raises
    ------
    ServeError
        If it is in use or may not be used.
    """
    if not 0 < port < 65536:
        raise ServeError(f"port {port} does not exist; choose one between 1024 and 65535",
                         key="dashboard.error.port_range", port=port)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise ServeError(f"port {port} on {address} can't be used ({error.strerror}); "
                             "stop what is using it, or choose another with --port",
                             key="dashboard.error.port", port=port, why=error.strerror or "") from error


def make_server(store: Path, port: int, *, address: str = "127.0.0.1", people: Doors | None = None,
                tiles: Tiles | None = None) -> Any:
    """A server with every page, not started."""
    source = tiles or Tiles()
    desk = Desk(store, tiles=(source.url, source.credit))
    house = (people or Doors()).house(store, address, port)
    house.gate.pictures = source.origin
    pages: dict[str, Any] = {route: _app(desk, page, house) for route, page in routes().items()}
    server = pn.io.server.get_server(
        pages, port=port, address=address, websocket_origin=sorted(house.gate.origins), show=False, start=False,
        verbose=False,
        title=dict.fromkeys(pages, texts.say("dashboard.brand", texts.DEFAULT)),
        extra_patterns=[*health.patterns(desk), *patterns(house)],
        static_dirs={"assets": str(ASSETS), "fonts": str(fonts.folder())}, **server_options(house))
    stand_before(house, server)
    return server


def _app(desk: Desk, page: type[Page], house: House) -> Callable[[], Any]:
    """What is run for each visitor of a route: never raises, an error becomes a page."""

    def build() -> Any:
        headers = dict(pn.state.headers)
        try:
            made = frame.build(desk.seen_by(lambda: house.gate.user_of_page(headers)), page)
            problems.built()
            return made
        except Exception as error:
            return problems.whole_page(error)

    return build


def _first_page(where: str) -> None:
    """Ask for the overview and make sure that it was built."""
    before = problems.count()
    with urllib.request.urlopen(where, timeout=120) as response:
        if response.status != 200:
            raise JitasaError(f"{where} answers {response.status}")
        response.read()
    if problems.count() > before:
        raise JitasaError(problems.last())
