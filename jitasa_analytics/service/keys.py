"""A new key for the tokens of a store."""

from __future__ import annotations

import os
import secrets

from jitasa_analytics import privacy
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.errors import InputError
from jitasa_analytics.store import Store

# Columns that may hold the token of a volunteer beside other codes.
_ALSO = {"request_events": ["by"]}


def rotate(store: Store) -> int:
    """Key every token of the store again, so that the old key opens nothing any more.

    The old keys stay in the key's file, under the new one: an identity that is imported later
    still gets the token that its owner has. Older versions of the store keep their old tokens;
    remove those versions where the old key was lost to somebody.

    Returns
    -------
    int
        How many tokens were changed.

    Raises
    ------
    InputError
        If the key comes from ``JITASA_TOKEN_KEY``: what is not kept here can't be changed here.
    """
    if os.environ.get("JITASA_TOKEN_KEY"):
        raise InputError("the key comes from JITASA_TOKEN_KEY; take that variable away and put the key into the file "
                         f"{privacy.key_folder(store.folder) / privacy.TOKEN_KEY}, then rotate",
                         key="service.keys.from_environment",
                         path=privacy.key_folder(store.folder) / privacy.TOKEN_KEY)
    old = privacy.load_key(store.folder)
    added = secrets.token_hex(32).encode()
    following = old + b"\n" + added
    folder = privacy.key_folder(store.folder)
    beside = folder / f"{privacy.TOKEN_KEY}.next"
    changed = 0
    with store.transaction(note=f"key rotation {privacy.fingerprint(following)}") as tx:
        privacy.write_secret(beside, following)
        for contract in DATASETS.values():
            columns = [c.name for c in contract.columns if c.kind == "token"] + _ALSO.get(contract.name, [])
            if not columns:
                continue
            frame = tx.frame(contract.name)
            before = frame[columns].copy()
            for name in columns:
                known = {t: privacy.renewed(t, added) for t in frame[name].dropna().unique()}
                frame[name] = frame[name].map(known)
            different = int((frame[columns].fillna("") != before.fillna("")).to_numpy().sum())
            if different:
                changed += different
                tx.replace(contract.name, frame)
    beside.replace(folder / privacy.TOKEN_KEY)
    return changed
