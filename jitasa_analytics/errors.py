"""What can go wrong, in one sentence each.

Every error descends from `JitasaError` and from the builtin it resembles. The message
names the value, the rule and the way out. Errors that a person sees on a screen carry a
``key`` into `jitasa_analytics.texts` and the values for it, so that the same error can be
read in Thai or in English.
"""

from __future__ import annotations


class JitasaError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        The English sentence: value, rule, way out.
    key : str, optional
        Key into ``texts``; without it the English sentence is shown in both languages.
    **values
        The values that the text needs.
    """

    def __init__(self, message: str = "", *, key: str | None = None, **values: object) -> None:
        super().__init__(message)
        self.key = key
        self.values = values


class StoreError(JitasaError, OSError):
    """The store is missing, half-written, locked or of a newer format."""


class InputError(JitasaError, ValueError):
    """A file, frame or value does not satisfy its contract."""


class UnitError(JitasaError, ValueError):
    """A cost is in another unit than the measure needs."""


class UnknownError(JitasaError, LookupError):
    """An area, dataset, study, recipe or parameter that does not exist."""


class NoDataError(JitasaError, LookupError):
    """The store holds no rows of what a study needs."""


class InfeasibleError(JitasaError, ValueError):
    """No answer exists under the given limits; the message says what blocks."""


class OutOfTimeError(JitasaError, TimeoutError):
    """A time limit passed before there was anything to answer with."""


class ServeError(JitasaError, OSError):
    """The dashboard can't be served, for instance because the port is in use."""
