"""What goes wrong on the command line: one sentence, an exit code, no traceback."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError, JitasaError, StoreError

REFUSED, FAULT, INTERRUPTED = 2, 1, 130


def home() -> Path:
    """The user's folder for what this program keeps: ``JITASA_HOME``, else the data folder of the desktop."""
    given = os.environ.get("JITASA_HOME")
    if given:
        return Path(given)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "jitasa"


def guarded(work: Callable[[], int], lang: str) -> int:
    """Do the work; whatever goes wrong becomes a sentence on standard error and an exit code."""
    try:
        return work()
    except JitasaError as error:
        return _refuse(texts.of_error(error, lang), lang, error)
    except BrokenPipeError:
        # The reader of the pipe has enough; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, SystemExit) as stop:
        return INTERRUPTED if isinstance(stop, KeyboardInterrupt) else int(stop.code or 0)
    except Exception as error:
        # The parser's own classes are not public in every version of Typer: they are told by their names.
        names = [kind.__name__ for kind in type(error).__mro__]
        if "Exit" in names:
            return int(getattr(error, "exit_code", 0))
        if "Abort" in names:
            return INTERRUPTED
        if "NoArgsIsHelpError" in names:
            print(getattr(error, "message", ""), file=sys.stderr)
            return REFUSED
        if hasattr(error, "format_message"):
            return _refuse(_usage(error, names, lang), lang, error)
        return _fault(error, lang)


def _refuse(sentence: str, lang: str, error: BaseException) -> int:
    if os.environ.get("JITASA_DEBUG") == "1":
        traceback.print_exception(error)
    print(texts.say("cli.refused", lang, sentence=sentence), file=sys.stderr)
    return REFUSED


def _usage(error: Any, names: list[str], lang: str) -> str:
    """A mistake in the words of the command line, in the reader's language."""
    if "NoSuchOption" in names:
        return texts.say("error.no_such_option", lang, name=error.option_name)
    if "MissingParameter" in names:
        option = error.param
        shown = option.opts[0] if option.param_type_name == "option" else option.metavar or option.name
        return texts.say("error.missing_option", lang, name=shown)
    if "BadParameter" in names:
        name = error.param.opts[0] if getattr(error, "param", None) is not None else ""
        return texts.say("error.bad_option", lang, name=name, why=error.message)
    return texts.say("error.usage", lang, why=error.format_message())


def _fault(error: Exception, lang: str) -> int:
    """An error nobody foresaw: a sentence with an id under which the details are kept."""
    if os.environ.get("JITASA_DEBUG") == "1":
        traceback.print_exception(error)
    name = secrets.token_hex(4)
    log = home() / "errors.log"
    with contextlib.suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {name}\n{''.join(traceback.format_exception(error))}\n")
    print(texts.say("cli.fault", lang, kind=type(error).__name__, id=name, log=log), file=sys.stderr)
    return FAULT


def writable(path: Path | None, kinds: Sequence[str]) -> Path | None:
    """A file to write, checked before any work is done.

    Raises
    ------
    InputError
        If its ending is none of ``kinds``.
    StoreError
        If its folder is missing or can't be written.
    """
    if path is None:
        return None
    if path.suffix[1:].lower() not in kinds:
        raise InputError(f"{path.name} can't be written: the ending must be one of {', '.join(kinds)}",
                         key="error.out_kind", path=path.name, kinds=", ".join("." + k for k in kinds))
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise StoreError(f"{path} can't be written: its folder is missing or read-only",
                         key="error.out_folder", path=path)
    return path
