"""Public files: downloaded once into a cache, whole and with the right checksum, or not at all.

``data/sources.toml`` lists them. Where a network can't reach their publishers, ``JITASA_MIRROR``
names a folder or an address that holds the same files under the same names.
"""

from __future__ import annotations

import os
import shutil
import time
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from jitasa_analytics.errors import InputError, JitasaError, UnknownError
from jitasa_analytics.resources import data_dir

# A connection that says nothing for so long is dead; one that drips is given up in the end.
CONNECT_SECONDS, SILENT_SECONDS, SECONDS = 15.0, 30.0, 900.0
TRIES = 3
PAUSE = 1.0
_CHUNK = 1 << 16
# A file that a killed process left behind is swept after a day.
_STALE_SECONDS = 86_400

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Public:
    """A public file.

    Attributes
    ----------
    name, file : str
        The name a person types, and that of the file.
    url : str
        Where its bytes lie; the address names one commit.
    size : int
        Bytes.
    sha256, licence : str
    title : mapping of language to str
    dataset : str
        What it is imported into; empty where no recipe reads it.
    """

    name: str
    file: str
    url: str
    size: int
    sha256: str
    licence: str
    title: Mapping[str, str]
    dataset: str = ""


class DownloadError(JitasaError, OSError):
    """A public file did not arrive; what was in the cache is as it was."""


def sources(path: Path | None = None) -> dict[str, Public]:
    """The public files by name, in the order in which they are imported."""
    raw = tomllib.loads((path or data_dir() / "sources.toml").read_text("utf-8"))
    return {name: Public(name, s["file"], s["url"], int(s["bytes"]), s["sha256"], s["licence"], s["title"],
                         s.get("dataset", "")) for name, s in raw.items()}


def chosen(names: Collection[str]) -> list[Public]:
    """Some public files by name; those that can be imported where no name is given.

    Raises
    ------
    UnknownError
        If there is no file of a name; the message lists them.
    """
    known = sources()
    for name in names:
        if name not in known:
            raise UnknownError(f"there is no public file {name!r}; there are {', '.join(known)}", key="fetch.unknown",
                               name=name, known=", ".join(known))
    return [s for s in known.values() if (s.name in names if names else s.dataset)]


def cache() -> Path:
    """The folder of downloaded files: ``JITASA_CACHE``, a folder in ``JITASA_HOME``, or the platform's own."""
    if given := os.environ.get("JITASA_CACHE"):
        return Path(given)
    if home := os.environ.get("JITASA_HOME"):
        return Path(home) / "cache"
    import pooch

    return Path(pooch.os_cache("jitasa"))


def cached(source: Public) -> Path | None:
    """The file in the cache, where it is whole; None where it is missing or another."""
    import pooch

    path = cache() / source.file
    whole = path.is_file() and path.stat().st_size == source.size and pooch.file_hash(str(path)) == source.sha256
    return path if whole else None


def fetch(source: Public, told: Told | None = None) -> tuple[Path, bool]:
    """The path of a public file in the cache, and whether it had to be downloaded.

    A file becomes visible when it is whole and its checksum is right; a download that was cut off
    starts anew.

    Parameters
    ----------
    told : callable, optional
        Called with the name, the bytes that have come and the bytes there are.

    Raises
    ------
    DownloadError
        What went wrong on the way, and what to do.
    """
    if (found := cached(source)) is not None:
        return found, False
    import pooch

    pooch.get_logger().setLevel("ERROR")
    folder = cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
    except OSError as error:
        raise _no_room(source, folder, error) from error
    address = _address(source)
    for attempt in range(1, TRIES + 1):
        try:
            pooch.retrieve(address, f"sha256:{source.sha256}", fname=source.file, path=folder,
                           downloader=_copy if urlsplit(address).scheme == "file" else _web(source, told))
            break
        except DownloadError:
            raise
        except ValueError as error:
            raise _failed("other_file", source, address, "what came is another file than the one that was published; "
                          "is a sign-in page of the network in between?") from error
        except OSError as error:
            _judge(source, address, folder, error, last=attempt == TRIES)
            time.sleep(PAUSE * attempt)
    return folder / source.file, True


def _address(source: Public) -> str:
    """Where to ask: the publisher, or the mirror that stands in for the internet."""
    mirror = os.environ.get("JITASA_MIRROR", "")
    if not mirror:
        return source.url
    if urlsplit(mirror).scheme in ("http", "https"):
        return f"{mirror.rstrip('/')}/{source.file}"
    path = Path(mirror).expanduser().resolve() / source.file
    if not path.is_file():
        raise _failed("absent", source, str(path), "there is no such file in the mirror")
    return path.as_uri()


def _web(source: Public, told: Told | None) -> Any:
    """A downloader that stays with the host it was sent to, and stops at too much, too slow or another size."""
    import pooch

    answers: list[Any] = []

    def stay(response: Any, *_: Any, **__: Any) -> None:
        answers.append(response)
        if response.is_redirect:
            target = urljoin(response.url, response.headers["location"])
            if urlsplit(target).hostname != urlsplit(response.url).hostname:
                raise _failed("elsewhere", source, response.url, f"the server sends on to {target}", target=target)
        length = response.headers.get("content-length", "")
        if response.status_code == 200 and length.isdigit() and int(length) != source.size:
            raise _failed("other_file", source, response.url,
                          f"the file there has {int(length):,} bytes, not {source.size:,}")

    def download(url: str, out: str, keeper: Any) -> None:
        web = pooch.HTTPDownloader(progressbar=_Meter(source, told), chunk_size=_CHUNK, hooks={"response": stay},
                                   timeout=(CONNECT_SECONDS, SILENT_SECONDS), headers={"Accept-Encoding": "identity"})
        try:
            web(url, out, keeper)
        finally:
            for answer in answers:
                answer.close()

    return download


class _Meter:
    """Counts what comes; pooch drives it as a progress bar."""

    def __init__(self, source: Public, told: Told | None) -> None:
        self.total = 0
        self._source, self._told = source, told
        self._came, self._until = 0, time.monotonic() + SECONDS

    def update(self, count: int) -> None:
        self._came += count
        if self._came > self._source.size + 2 * _CHUNK:
            raise _failed("other_file", self._source, self._source.url, f"more than {self._source.size:,} bytes came")
        if time.monotonic() > self._until:
            raise _failed("slow", self._source, self._source.url, f"it took longer than {SECONDS / 60:.0f} minutes",
                          minutes=f"{SECONDS / 60:.0f}")
        if self._told is not None:
            self._told(self._source.name, min(self._came, self._source.size), self._source.size)

    def reset(self) -> None:
        self._came = 0

    def close(self) -> None:
        """Nothing is open."""


def _copy(url: str, out: str, _pooch: Any) -> None:
    """Copy a file of a mirror that is a folder."""
    from urllib.request import url2pathname

    shutil.copyfile(url2pathname(urlsplit(url).path), out)


def _judge(source: Public, address: str, folder: Path, error: OSError, *, last: bool) -> None:
    """Raise what can't be helped, or what went wrong for the last time."""
    import requests

    if not isinstance(error, requests.RequestException):
        raise _no_room(source, folder, error) from error
    if error.response is not None and 400 <= error.response.status_code < 500:
        raise _failed("absent", source, address, f"the server answers {error.response.status_code}") from error
    if last and isinstance(error, requests.ConnectionError | requests.Timeout) and "read" not in str(error).lower():
        raise _failed("no_connection", source, address, "there is no connection") from error
    if last:
        raise _failed("cut_off", source, address, "the connection ended before the file was whole") from error


def _no_room(source: Public, folder: Path, error: OSError) -> JitasaError:
    why = error.strerror or str(error)
    return InputError(f"{source.file} can't be kept in {folder}: {why}; name another folder in JITASA_CACHE",
                      key="fetch.no_room", file=source.file, folder=folder, why=why)


def _failed(key: str, source: Public, url: str, why: str, **more: object) -> DownloadError:
    return DownloadError(f"{source.name}: {why}; nothing of it was kept. Asked: {url}", key=f"fetch.{key}",
                         name=source.name, file=source.file, url=url, **more)


def _sweep(folder: Path) -> None:
    """Remove what a killed download left behind."""
    for path in folder.glob("tmp*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            path.unlink(missing_ok=True)
