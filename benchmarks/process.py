"""What a process has cost so far, as the operating system tells it."""

from __future__ import annotations

import re
from pathlib import Path

import psutil  # type: ignore[import-untyped]

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def cpu_seconds(pid: int) -> float:
    """User and system time of the process since its start, in seconds."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def peak_rss_mb(pid: int) -> float:
    """The most memory that the process ever held, in MB of 2**20 bytes; where the system keeps no peak, what it holds.

    Linux keeps one.
    """
    status = Path(f"/proc/{pid}/status")
    found = _PEAK.search(status.read_text(encoding="utf-8")) if status.exists() else None
    kilobytes = int(found[1]) if found else psutil.Process(pid).memory_info().rss // 1024
    return kilobytes / 1024
