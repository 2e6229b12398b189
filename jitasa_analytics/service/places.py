"""Where the service keeps what is no part of a store: accounts, sessions, the audit log."""

from __future__ import annotations

import os
from pathlib import Path

from jitasa_analytics.errors import StoreError


def folder(store: Path) -> Path:
    """The service's folder: ``JITASA_SERVICE``, else beside the store and never in it; made for its owner only.

    Raises
    ------
    StoreError
        If it can't be made.
    """
    given = os.environ.get("JITASA_SERVICE")
    path = Path(given) if given else _beside(store)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder {path} for accounts and the audit log can't be made ({error.strerror}); "
                         "name another in JITASA_SERVICE", key="service.no_folder", path=str(path),
                         why=error.strerror or "") from error
    return path


def _beside(store: Path) -> Path:
    whole = store.resolve()
    return whole.with_name(f"{whole.name}.service")
