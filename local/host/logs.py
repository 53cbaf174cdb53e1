"""Logging of the host and of the functions: one line each on stderr, with function and invocation."""

from __future__ import annotations

import logging
import sys
import time

from azure_functions_runtime import invocation_id_cv

_QUIET = ("azure", "uvicorn", "urllib3", "msal")

_functions: dict[str, str] = {}


def set_up(level: int) -> None:
    """Send all logging to stderr from `level` on; the SDKs' own chatter from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def begin(invocation_id: str, function: str) -> None:
    """From now on lines logged in this invocation name the function."""
    _functions[invocation_id] = function


def end(invocation_id: str) -> None:
    """The invocation is over."""
    _functions.pop(invocation_id, None)


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03dZ %(levelname)-7s [%(run)s] %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )

    def format(self, record: logging.LogRecord) -> str:
        invocation_id = invocation_id_cv.get()
        if invocation_id is None:
            record.run = getattr(record, "function", "host")
        else:
            record.run = f"{_functions.get(invocation_id, '?')} {invocation_id}"
        return super().format(record)
