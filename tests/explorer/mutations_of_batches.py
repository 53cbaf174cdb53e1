"""Deliberate faults of how batches are posted, counted and shown."""

from __future__ import annotations

from sync import (
    apply,
    claims,
    detect,
    judge,
    remember,
    retry,
    totals,
)
from sync.braked import BrakedFeed
from sync.stores.memory import MemoryLinks
from tests.explorer.mutation import Mutation, mutation

HANDING_ON = [
    mutation(
        "deletes that a lost token did not tell are not looked for",
        *(BrakedFeed, "_read_anew"),
        "blind=True",
        "blind=False",
        400,
    ),
    mutation(
        "what was read ahead is taken for handed on",
        *(BrakedFeed, "_weigh"),
        "return Page((), replace(at, weighed=(ahead.told, ahead.deleted)).text(), more=True)",
        "return _with(ahead.first, replace(at, inner=ahead.end.position))",
        400,
    ),
    Mutation(
        "the watermark is confirmed before its changes are posted",
        detect,
        "_hand_on",
        (
            ("tools.outbox.post(batches)", "pass"),
            ("report.pages += 1", "batches and tools.outbox.post(batches); report.pages += 1"),
        ),
        5,
    ),
    mutation(
        "pending batches are settled without taking the watermark from a slow run first",
        *(detect, "_settle"),
        "watermark = tools.watermarks.save(dataclasses.replace(watermark, step=watermark.step + 1))",
        "pass",
        150,
    ),
    mutation(
        "batches of a run that ended early are not made void",
        *(detect, "_settle"),
        "if not _void(tools, batch, chunk, watermark.run)",
        "if False",
        40,
    ),
    mutation(
        "a run is closed without taking the watermark from it first",
        *(detect, "_close_run"),
        "watermark = tools.watermarks.save(dataclasses.replace(watermark, step=watermark.step + 1))",
        "pass",
        10,
        first=100,
    ),
]

COUNTING = [
    mutation("a tally is written over", MemoryLinks, "write", "raise AlreadyTallied", "pass", 40),
    mutation(
        "a chunk that is split is not marked",
        *(retry, "_pieces"),
        "tools.links.write(tools.plan.flow.mapping, batch.partition, [], mark)",
        "pass",
        200,
        first=80,
    ),
    mutation(
        "the superseded close what is open",
        *(remember, "tally"),
        "work.after is not None and not _is_superseded(work)",
        "work.after is not None",
        0,
    ),
    mutation(
        "reopened records that were open no longer unbalance what is shown",
        *(totals, "totals"),
        "detected += sum(tally.outcomes.values()) - sum(tally.closed.values())",
        "pass",
        0,
    ),
    mutation("every delivery may claim", apply, "_let_drift", "if not lost or", "if True or", 0),
    mutation(
        "nobody hears of a write without a claim", apply, "_let_drift", "work.adrift = work.wrote or", "work.adrift ="
    ),
    mutation(
        "what an earlier delivery has left is left by one that drifts, too",
        *(apply, "_let_drift"),
        "work.wrote or _is_left(work.stored, batch)",
        "work.wrote",
    ),
    mutation("an early delivery can claim after the last one", remember, "store", " or work.sealing", "", 0),
    mutation(
        "a claim that was left behind on a counted chunk stays",
        *(apply, "_is_left"),
        'link.claim.holder.startswith(f"{batch.batch}/")',
        "False",
    ),
    mutation("a delivery that wakes when it is counted may claim", apply, "apply", "if not again:", "if False:"),
    mutation(
        "a second delivery that wakes when it is counted may claim",
        *(apply, "apply"),
        "links = tools.links.read(tools.plan.flow.mapping, batch.partition, _ids(batch.chunks))\n"
        "    refuse_outdated(tools)\n"
        "    chunks = unfinished(batch, tools) if again else list(batch.chunks)\n",
        "chunks = unfinished(batch, tools) if again else list(batch.chunks)\n"
        "    links = tools.links.read(tools.plan.flow.mapping, batch.partition, _ids(batch.chunks))\n",
    ),
    mutation(
        "what a void delivery has written is left as it is",
        *(apply, "_is_left"),
        " or link.owed",
        "",
    ),
    mutation("what a void delivery was asked for is forgotten with its claim", apply, "_is_left", "link.again or ", ""),
    mutation("what a void delivery is unsure of is left as it is", apply, "_is_left", " or link.dirty", ""),
    mutation(
        "who gives a claim back forgets what was asked", claims, "_aside", "again=work.stored.again", "again=False"
    ),
    mutation("what does not count leaves no trace", remember, "_take_up", "if links:", "if False:", 0),
    mutation(
        "what was open stays open where the change does not count",
        *(remember, "_needs_another"),
        "(after.state in OPEN or stored.state in OPEN)",
        "after.state in OPEN",
        0,
    ),
]

SHOWING = [
    Mutation(
        "who waits is released before the link is stored",
        remember,
        "remember",
        (
            (
                "    store(works, batch, chunk, tools)\n",
                "    early = [work.after for work in judged if work.after.linked] if tools.awaited else []\n"
                "    release_waiters([name for link in early for name in names_of(tools, link)], batch, tools)\n"
                "    store(works, batch, chunk, tools)\n",
            ),
            ("if tools.awaited:", "if False:"),
        ),
        0,
    ),
    mutation("who waits is not released", remember, "remember", "if tools.awaited:", "if False:", 250),
    mutation(
        "issues are opened before the link is stored",
        *(remember, "remember"),
        "    store(works, batch, chunk, tools)\n",
        "    show([work.after for work in works if work.after], batch, tools)\n    store(works, batch, chunk, tools)\n",
        300,
        first=80,
    ),
    mutation(
        "nothing is tidied up after a crash",
        apply,
        "unfinished",
        "tidy([links[id] for id in _ids(done) if id in links], batch, tools)",
        "pass",
        400,
    ),
    mutation("a record is given up under a running claim", retry, "_without_claim", "if left > 0:", "if False:", 0),
    mutation(
        "who gives up leaves a dead claim",
        retry,
        "give_up",
        "work.link = _without_claim(work.link, tools)",
        "pass",
        0,
    ),
    mutation(
        "who is given up leaves his flow stopped",
        *(retry.Courier, "_give_up"),
        'go_on(batch.flow, "apply", self.tools, since=moment(self.tools))',
        "pass",
    ),
    mutation(
        "only a message that was put back tells that a flow goes on",
        *(retry.Courier, "deliver"),
        "if batch.delays or batch.failures or batch.last_try:",
        "if batch.delays:",
    ),
    Mutation(
        "what counts for nothing is stored before it is taken up",
        remember,
        "store",
        (
            ("        _take_up([link", "        late = ([link"),
            ("kept) if kept else []\n", "kept) if kept else []\n        _take_up(*late)\n"),
        ),
        0,
    ),
    mutation(
        "who came back is still told to be gone",
        *(judge, "fetch"),
        "if work.record is not None and work.link.gone:",
        "if False:",
        50,
    ),
    mutation(
        "a busy record is lost in the poison queue",
        retry.Courier,
        "_bring_to_an_end",
        "except Transient",
        "except ZeroDivisionError",
        0,
    ),
]

OF_BATCHES: list[Mutation] = [*HANDING_ON, *COUNTING, *SHOWING]
