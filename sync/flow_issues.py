"""Issues about a whole flow: that it is stopped, that a system is not available, and that this is over."""

from __future__ import annotations

import logging
from typing import Literal

from sync.errors import SyncError
from sync.model import Issue, Trouble
from sync.work import Applier

log = logging.getLogger(__name__)

NOT_AVAILABLE = "not-available"
"""The code of a flow that runs, and cannot reach a system."""

type Half = Literal["detect", "apply"]
"""The half of a flow that an issue about the whole flow is told by; only the same half can say that it is settled."""


def stop_flow(flow: str, half: Half, error: SyncError, tools: Applier, *, code: str = "flow-stopped") -> None:
    """Say loudly that a flow is stopped, or that a system is not available, once for all its messages."""
    log.error("%s is %s: %s", flow, "not available" if code == NOT_AVAILABLE else "stopped", error)
    cause = f"{error.where}: {error.what}" if error.where else error.what
    trouble = Trouble(code, cause, error.remedy, kind=type(error).__name__, details=error.details)
    raise_issue(flow, _name(half), trouble, tools)


def is_told(flow: str, half: Half, tools: Applier) -> bool:
    """This half of the flow has an open issue, whichever process has raised it; reads one row."""
    return tools.issues.is_open(flow, 0, _name(half))


def go_on(flow: str, half: Half, tools: Applier, *, since: int) -> None:
    """This half of the flow went well: what stopped it before `since` is settled, whichever process has told it."""
    if is_told(flow, half, tools):
        tools.issues.close(flow, 0, {_name(half): since})


def raise_issue(flow: str, id: str, trouble: Trouble, tools: Applier) -> None:
    """An issue that is about no record; the time orders it."""
    tools.issues.put([Issue(flow, 0, id, trouble, moment(tools))])


def moment(tools: Applier) -> int:
    """Milliseconds of the storage service's clock: the order of issues that belong to no link."""
    return int(tools.clock.now().timestamp() * 1000)


def _name(half: Half) -> str:
    return f"*{half}"
