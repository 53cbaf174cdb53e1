"""The .NET time spans of host.json: `[d.]hh:mm[:ss[.fffffff]]`."""

from __future__ import annotations

import re

_SPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?",
    re.ASCII,
)


def parse_time_span(text: str) -> float:
    """Seconds of a time span such as `00:00:30`, `00:00:00.200` or `1.02:00:00`.

    Raises ValueError for anything else. A bare number is refused too: .NET reads `30` as thirty days, which nobody
    means.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is not a time span; write hh:mm:ss, such as 00:00:30")
    hours, minutes, seconds = int(match["hours"]), int(match["minutes"]), int(match["seconds"] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"`{text}` is not a time span: hours go to 23, minutes and seconds to 59")
    fraction = float(f"0.{match['fraction'] or 0}")
    return int(match["days"] or 0) * 86_400 + hours * 3_600 + minutes * 60 + seconds + fraction
