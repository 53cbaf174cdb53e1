"""Daily: both sides of a flow are compared once a day, a few pages at each tick of the sweep's timer.

Where it stands is a row beside the flow's watermark, saved behind each page by compare-and-set: a tick that is cut off
loses one page, and of two hosts at once one stops. What was found is an issue of the flow until a comparison finds
nothing; a person decides on the repair.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from sync.comparison import LINKS_A_PAGE
from sync.drift import KINDS, Drifter, look_at_links, look_at_rows
from sync.flow_issues import moment, raise_issue
from sync.model import Trouble
from sync.ports import Gone, Stale

log = logging.getLogger(__name__)

ISSUE = "message:drift"
"""The id of the issue; it is about no record, and stops no flow."""

SECONDS = 120.0
"""No page is begun after so many seconds of a tick: the host ends what takes ten minutes."""


def compare_daily(drifter: Drifter, *, every: timedelta) -> None:
    """Begin a comparison when one is due, go on with one that was begun. The first is due `every` after the first call.

    Raises what the ports raise; what was saved stays saved.
    """
    flow, clock = drifter.tools.plan.flow.name, drifter.tools.clock
    row = drifter.watermarks.read(f"*drift:{flow}")
    began = clock.now()
    at = json.loads(row.position) if row.position else {"done": began.isoformat()}
    if "phase" not in at and row.position:
        if began - datetime.fromisoformat(at["done"]) < every:
            return
        at = _BEGINNING
    try:
        row = drifter.watermarks.save(replace(row, step=row.step + 1, position=json.dumps(at)))
        while "phase" in at:
            at = _next(at, drifter)
            row = drifter.watermarks.save(replace(row, step=row.step + 1, position=json.dumps(at)))
            if (clock.now() - began).total_seconds() >= SECONDS:
                return
    except Stale:
        log.info("%s: another host compares both sides", flow)


_BEGINNING = {"phase": "rows", "at": "", "counts": {}}


def _next(at: dict[str, object], drifter: Drifter) -> dict[str, object]:
    """Compare one page; gives where to go on, or when it was over."""
    plan, link = drifter.tools.plan, str(at["at"])
    counts = Counter(at["counts"])  # type: ignore[call-overload]
    if at["phase"] == "rows":
        try:
            rows = drifter.table.rows_page(plan.flow.source, plan.columns, company=plan.company, link=link)
        except Gone:
            return dict(_BEGINNING)
        counts.update(look_at_rows(rows.rows, drifter).counts)
        return {"phase": "rows" if rows.next else "links", "at": rows.next, "counts": counts}
    page = drifter.tools.links.page(plan.flow.mapping, link, most=LINKS_A_PAGE)
    counts.update(look_at_links(page.links, drifter).counts)
    if page.next:
        return {"phase": "links", "at": page.next, "counts": counts}
    _tell(counts, drifter)
    return {"done": drifter.tools.clock.now().isoformat(), "counts": counts}


def _tell(counts: Counter[str], drifter: Drifter) -> None:
    tools, flow = drifter.tools, drifter.tools.plan.flow.name
    found = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    log.info("%s: both sides were compared, drifted: %s", flow, found or "nothing")
    if found:
        what = f"Both sides were compared, and drifted: {found}."
        remedy = f"See which with `python -m sync sweep {flow}`, have them written again with --repair."
        raise_issue(flow, ISSUE, Trouble("drift-found", what, remedy, kind="Drift"), tools)
    elif tools.issues.is_open(flow, 0, ISSUE):
        tools.issues.close(flow, 0, {ISSUE: moment(tools)})
