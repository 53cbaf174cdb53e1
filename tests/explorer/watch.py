"""A watermark store that looks at every save: promise 4 is broken when it is, not when somebody notices later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sync.model import ChangeBatch, Page, Watermark
from sync.ports import ChangeFeed
from sync.stores.memory import MemoryOutbox, MemoryWatermarks

type Pages = dict[tuple[str, str], list[tuple[str, ...]]]


class WatchedWatermarks(MemoryWatermarks):
    """Moves only forward, one read page at a time, and only when the page's changes lie in the queue.

    `noting` gives a flow's feed, and `outbox` is the queue, as the detect runs use them: what they read and post is
    noted. Rows of no flow (their names begin with a star) are not looked at.
    """

    def __init__(self, outbox: MemoryOutbox) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.outbox = _NotingOutbox(outbox)
        self._pages: dict[str, Pages] = defaultdict(lambda: defaultdict(list))

    def noting(self, flow: str, feed: ChangeFeed) -> ChangeFeed:
        """The feed, whose pages are noted as those of this flow."""
        return _NotingFeed(feed, self._pages[flow])

    def save(self, watermark: Watermark) -> Watermark:
        before = self.read(watermark.flow)
        saved = super().save(watermark)
        if watermark.flow.startswith("*"):
            return saved
        if saved.step < before.step or (saved.step == before.step and before.pending):
            self.problems.append(f"watermark: step {before.step} was followed by {saved.step}")
        if saved.position != before.position or (before.full and not saved.full):
            self._check_move(before, saved)
        return saved

    def _check_move(self, before: Watermark, saved: Watermark) -> None:
        """Some run has read a page from here to there, and all of it is posted."""
        pages = self._pages[saved.flow].get((before.position, saved.position), [])
        posted = {change for batch in before.pending for change in self.outbox.posted.get(batch.batch, ())}
        if not any(set(page) <= posted for page in pages):
            read = " or ".join(str(page) for page in pages) or "nothing"
            self.problems.append(f"watermark: moved to {saved.position}, read was {read}, posted {sorted(posted)}")


class _NotingFeed:
    def __init__(self, feed: ChangeFeed, pages: Pages) -> None:
        self._feed = feed
        self._pages = pages

    def page(self, position: str, *, full: bool) -> Page:
        page = self._feed.page(position, full=full)
        self._pages[position, page.position].append(tuple(change.id for change in page.changes))
        return page

    def mode(self, position: str) -> str:
        return self._feed.mode(position)


class _NotingOutbox:
    def __init__(self, outbox: MemoryOutbox) -> None:
        self._outbox = outbox
        self.posted: dict[str, tuple[str, ...]] = {}

    def post(self, batches: Sequence[ChangeBatch], *, delay: float = 0.0) -> None:
        self._outbox.post(batches, delay=delay)
        for batch in batches:
            self.posted[batch.batch] = tuple(change.id for chunk in batch.chunks for change in chunk.changes)

    def post_text(self, flow: str, text: str, *, delay: float = 0.0) -> None:
        self._outbox.post_text(flow, text, delay=delay)

    def serves(self, flow: str) -> bool:
        return self._outbox.serves(flow)

    def depth(self, flow: str) -> int:
        return self._outbox.depth(flow)
