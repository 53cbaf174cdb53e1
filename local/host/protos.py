"""Stand-ins for the worker protocol's messages, so that the worker library needs no gRPC (functions-host.md 6.1).

Each keeps what it is given as attributes; asking for anything else raises AttributeError, as a real message would.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A message: keyword arguments become attributes."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)


class WorkerInitResponse(Message):
    """Answer to the start of the worker."""


class WorkerMetadata(Message):
    """Versions of the runtime."""


class StatusResult(Message):
    """How a request ended."""

    Failure = 0
    Success = 1


class RpcException(Message):
    """An exception of the app."""


class FunctionMetadataResponse(Message):
    """The functions of the app."""


class RpcFunctionMetadata(Message):
    """One function of the app."""


class RpcRetryOptions(Message):
    """A retry policy of a function."""


class BindingInfo(Message):
    """One binding of a function."""

    out = 1
    inout = 2
    undefined = 0
