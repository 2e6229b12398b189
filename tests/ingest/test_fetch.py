"""Public files come whole, or not at all: against a server on loopback that behaves and misbehaves."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from jitasa_analytics import cli, texts
from jitasa_analytics.ingest import public, sample
from jitasa_analytics.ingest.apart import registry
from jitasa_analytics.store import Store, open_store

CONTENT = bytes(range(256)) * 1024  # 256 kB: several pieces
XML = """<?xml version="1.0" encoding="utf-8"?>
<entity type="Country" name="ประเทศไทย" english="Thailand" geocode="0" xmlns="http://hoerstemeier.com/tambon/">
 <population source="DOPA" year="2021"><data total="10" male="4" female="6" type="total" households="5"/></population>
 <entity type="Changwat" name="ชลบุรี" english="Chon Buri" geocode="20">
  <population source="DOPA" year="2021">
   <data total="2" male="1" female="1" type="municipal" households="1" geocode="2099"/>
   <data total="3" male="1" female="2" type="municipal" households="1" geocode="2098"/>
   <data total="7" male="3" female="4" type="total" households="3"/></population>
 </entity></entity>"""


class Site(ThreadingHTTPServer):
    """A site whose behaviour a test chooses."""

    daemon_threads = True
    behave: Callable[[BaseHTTPRequestHandler], None]
    asked = 0

    def handle_error(self, *_: object) -> None:
        """Somebody who hangs up is no news here."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        self.server.behave(self)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def send(handler: BaseHTTPRequestHandler, body: bytes, *, length: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test asks the internet or the cache of the person who runs it."""
    monkeypatch.setenv("JITASA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JITASA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JITASA_MIRROR", str(tmp_path / "no-mirror"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setattr(public, "PAUSE", 0)


def source(content: bytes = CONTENT, name: str = "one", file: str = "one.bin", dataset: str = "") -> public.Public:
    return public.Public(name, file, f"http://127.0.0.1:1/{file}", len(content), hashlib.sha256(content).hexdigest(),
                         "CC0", {"th": "ชื่อ", "en": "title"}, dataset)


def refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> public.DownloadError:
    """What is said when the site does not give the file; nothing of it may be left."""
    monkeypatch.setenv("JITASA_MIRROR", site.address)
    with pytest.raises(public.DownloadError) as failure:
        public.fetch(source())
    assert list(public.cache().iterdir()) == []
    assert public.cached(source()) is None
    for lang in texts.LANGUAGES:
        assert "one" in texts.of_error(failure.value, lang)
    return failure.value


def test_a_file_comes_once_and_then_lies_in_the_cache(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_MIRROR", site.address)
    site.behave = lambda h: send(h, CONTENT)
    shares: list[int] = []
    path, fresh = public.fetch(source(), lambda name, came, size: shares.append(came))
    assert fresh and path.read_bytes() == CONTENT
    assert shares == sorted(shares) and shares[-1] == len(CONTENT) and len(shares) > 2
    assert public.fetch(source()) == (path, False)
    assert site.asked == 1


def test_a_damaged_copy_in_the_cache_is_replaced(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_MIRROR", site.address)
    site.behave = lambda h: send(h, CONTENT)
    public.cache().mkdir()
    (public.cache() / "one.bin").write_bytes(b"x" + CONTENT[1:])
    assert public.cached(source()) is None
    assert public.fetch(source())[0].read_bytes() == CONTENT


def test_a_slow_site_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_MIRROR", site.address)

    def slow(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        for start in range(0, len(CONTENT), 32768):
            handler.wfile.write(CONTENT[start:start + 32768])
            handler.wfile.flush()
            threading.Event().wait(0.02)

    site.behave = slow
    assert public.fetch(source())[0].read_bytes() == CONTENT


def test_a_site_that_drips_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "SECONDS", -1.0)
    site.behave = lambda h: send(h, CONTENT)
    assert refused(site, monkeypatch).key == "fetch.slow"
    assert site.asked == 1


def test_a_site_that_falls_silent_is_given_up_after_three_times(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "SILENT_SECONDS", 0.2)
    over = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        send(handler, CONTENT[:1000], length=len(CONTENT))
        handler.wfile.flush()
        over.wait(20)

    site.behave = silent
    assert refused(site, monkeypatch).key == "fetch.cut_off"
    over.set()
    assert site.asked == 3


def test_cut_off_once_it_starts_anew_and_arrives(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_MIRROR", site.address)
    site.behave = lambda h: send(h, CONTENT if site.asked > 1 else CONTENT[:-1], length=len(CONTENT))
    assert public.fetch(source())[0].read_bytes() == CONTENT
    assert site.asked == 2


def test_cut_off_always_leaves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.behave = lambda h: send(h, CONTENT[:100_000], length=len(CONTENT))
    assert refused(site, monkeypatch).key == "fetch.cut_off"
    assert site.asked == 3


@pytest.mark.parametrize("body", [b"x" + CONTENT[1:], b"<html>please sign in</html>", CONTENT * 3],
                         ids=["other bytes", "a page", "longer"])
def test_another_file_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    site.behave = lambda h: send(h, body)
    assert refused(site, monkeypatch).key == "fetch.other_file"


def test_an_endless_answer_without_a_length_is_stopped(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(CONTENT)
        except OSError:
            return

    site.behave = endless
    assert refused(site, monkeypatch).key == "fetch.other_file"


def test_absent_is_said_and_not_asked_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.behave = lambda h: h.send_error(404)
    assert refused(site, monkeypatch).key == "fetch.absent"
    assert site.asked == 1


def test_a_fault_of_the_server_is_tried_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_MIRROR", site.address)
    site.behave = lambda h: send(h, CONTENT) if site.asked > 2 else h.send_error(503)
    assert public.fetch(source())[1]


def test_a_redirect_to_elsewhere_is_not_followed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://login.example.invalid/?next=one.bin")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    site.behave = away
    error = refused(site, monkeypatch)
    assert error.key == "fetch.elsewhere"
    assert "login.example.invalid" in texts.of_error(error, "th")


def test_a_redirect_within_the_site_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_MIRROR", site.address)

    def moved(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/one.bin":
            handler.send_response(301)
            handler.send_header("Location", "/new/one.bin")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        else:
            send(handler, CONTENT)

    site.behave = moved
    assert public.fetch(source())[0].read_bytes() == CONTENT


def test_nobody_listens(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_MIRROR", "http://127.0.0.1:1")
    with pytest.raises(public.DownloadError) as failure:
        public.fetch(source())
    assert failure.value.key == "fetch.no_connection"


def test_a_cache_that_can_not_be_written_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("JITASA_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(Exception, match="JITASA_CACHE") as failure:
        public.fetch(source())
    assert failure.value.key == "fetch.no_room"  # type: ignore[attr-defined]


def test_a_folder_may_stand_for_the_internet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mirror = tmp_path / "a mirror"
    mirror.mkdir()
    monkeypatch.setenv("JITASA_MIRROR", str(mirror))
    with pytest.raises(public.DownloadError) as failure:
        public.fetch(source())
    assert failure.value.key == "fetch.absent"
    (mirror / "one.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(public.DownloadError) as failure:
        public.fetch(source())
    assert failure.value.key == "fetch.other_file"
    (mirror / "one.bin").write_bytes(CONTENT)
    assert public.fetch(source())[0].read_bytes() == CONTENT


def test_the_list_of_sources_names_what_is_needed() -> None:
    known = public.sources()
    assert set(sample._OUTLINES) | {sample._PEOPLE} <= set(known)
    for found in known.values():
        assert len(found.sha256) == 64 and found.size > 0 and found.licence
        assert found.url.startswith("https://") and found.url.endswith(found.file)
        assert set(found.title) == set(texts.LANGUAGES)
    assert [s.name for s in public.chosen([])] == [s.name for s in known.values() if s.dataset]


# -- the population file of the registry ------------------------------------------------------


def test_the_registry_file_becomes_rows_and_sums_its_municipalities(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(XML, "utf-8")
    head, country, province = registry.rows(tmp_path / "a.xml")
    assert country == ["2021", "0", "Country", "ประเทศไทย", "Thailand", "", "", "10", "4", "6", "5"]
    assert dict(zip(head, province, strict=True))["municipal"] == "5"


@pytest.mark.parametrize("text", [
    XML[:-20], "<a/>", '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>', "<entity>" * 40,
], ids=["cut", "other", "entities", "deep"])
def test_other_xml_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"XML|entities|deep"):
        registry.rows(tmp_path / "a.xml")


# -- the command ------------------------------------------------------------------------------


def jitasa(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main([str(w) for w in words])
    return int(stop.value.code or 0)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with one province and its population, and the list of sources that names them."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    frame = gpd.GeoDataFrame({"ADM1_PCODE": ["TH20"], "ADM1_TH": ["ชลบุรี"], "ADM1_EN": ["Chon Buri"]},
                             geometry=[shapely.box(100.8, 12.6, 101.7, 13.6)], crs="EPSG:4326")
    frame.to_file(folder / "adm1.geojson", driver="GeoJSON")
    (folder / "people.xml").write_text(XML, "utf-8")
    listed = [source((folder / "adm1.geojson").read_bytes(), "outlines", "adm1.geojson", "areas"),
              source((folder / "people.xml").read_bytes(), "people", "people.xml", "population"),
              source(b"gone", "gone", "gone.bin")]
    monkeypatch.setattr(public, "sources", lambda path=None: {s.name: s for s in listed})
    monkeypatch.setenv("JITASA_MIRROR", str(folder))
    return folder


def test_fetch_imports_what_came_and_says_what_did_not(mirror: Path, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "store"
    assert jitasa("fetch", "--list", "--lang", "en") == 0
    assert "people,title,0.0,population,CC0,no" in capsys.readouterr().out
    assert jitasa("fetch", "--store", store, "--lang", "en") == 0
    assert "CC0" in capsys.readouterr().err
    with open_store(store).snapshot() as s:
        assert s.frame("areas")["code"].tolist() == ["20"]
        assert dict(s.frame("population").query("group == 'all'")[["area_code", "people"]].to_numpy()) == {
            "TH": 10, "20": 7}
    version = open_store(store).manifest().version
    # A second time there is nothing to download and nothing to change.
    assert jitasa("fetch", "--store", store, "--lang", "en") == 0
    assert "In the cache already" in capsys.readouterr().err
    assert open_store(store).manifest().version == version
    assert jitasa("fetch", "gone", "people", "--lang", "en") == 2
    told = capsys.readouterr().err
    assert "gone.bin is not there" in told and "1 files lie in" in told
    assert jitasa("fetch", "nothing", "--lang", "en") == 2
    assert "outlines, people, gone" in capsys.readouterr().err


def test_the_demo_says_which_map_it_shows(sample_store: Path, tmp_path: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    assert jitasa("demo", "--no-serve", "--store", sample_store, "--lang", "en") == 0
    assert "schematic" in capsys.readouterr().err
    assert sample.cached_public() == []


@pytest.mark.real
def test_the_published_files_come_from_a_mirror_on_loopback(site: Site, real_data: Path, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    """The shapefile zips and the XML as published; the sample is then drawn on them and stays a sample."""
    site.behave = lambda h: send(h, (real_data / "mirror" / Path(h.path).name).read_bytes())
    monkeypatch.setenv("JITASA_MIRROR", site.address)
    names = [*sample._OUTLINES, sample._PEOPLE]
    assert jitasa("fetch", *names, "--store", tmp_path / "store", "--lang", "en") == 0
    with open_store(tmp_path / "store").snapshot() as s:
        levels = s.sql("SELECT level, count(*) AS n FROM areas GROUP BY level").set_index("level")["n"]
        assert dict(levels) == {"province": 77, "district": 928, "tambon": 7425}
        # 66,171,439 registered persons on 31 December 2021, and the tambons sum to the country.
        people = s.frame("population").query("group == 'all'").set_index("area_code")["people"]
    assert people["TH"] == 66_171_439 == people[people.index.str.len() == 6].sum()
    assert not Store(tmp_path / "store").info()["sample"]
    assert len(sample.cached_public()) == 4
    capsys.readouterr()
    whole = sample._script

    def fewer() -> object:
        script = whole()
        doses = script.doses.dose_table
        monkeypatch.setattr(script.doses, "dose_table", lambda *given: doses(*given).head(1000))
        return script

    monkeypatch.setattr(sample, "_script", fewer)
    assert jitasa("demo", "--no-serve", "--lang", "en") == 0
    assert "published outlines (COD-AB" in capsys.readouterr().err
    demo = open_store(tmp_path / "home" / "demo-published")
    assert demo.info()["sample"]
    with demo.snapshot("20") as s:
        requests = s.frame("requests")
    assert len(requests) > 1000
