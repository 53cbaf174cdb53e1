"""Deliberate faults of the engine: what the explorer does not see, it cannot judge.

A mutation replaces a piece of a function's source. Each stands for a rule that is written in the engine, or for a fault
that the explorer has found in it: the test of the latter is the seed that shows it.
"""

from __future__ import annotations

from sync import (
    apply,
    claims,
    detect,
    facts,
    holding,
    judge,
    outcomes,
    recovery,
    remember,
    retry,
    steps,
    sweep,
    totals,
    work,
    writing,
)
from sync.braked import BrakedFeed
from sync.stores.memory import MemoryLinks, MemoryWaiting
from tests.explorer.mutation import Mutation, mutation
from tests.explorer.mutations_of_documents import OF_DOCUMENTS

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

RACES = [
    mutation("ETags of links are not checked", MemoryLinks, "write", "raise Stale(link.id)", "pass", 150),
    mutation(
        "who is superseded does not ask for another round",
        *(judge, "link"),
        "work.after = dataclasses.replace(work.link, again=True)",
        "pass",
        0,
    ),
    mutation(
        "a hash is trusted although a claim was never committed",
        *(judge, "link"),
        "again=False, dirty=True",
        "again=False",
        0,
    ),
    mutation("a claim never runs out", judge, "link", "claim.until > now", "True", 5),
    mutation("a running claim is ignored", judge, "link", "claim.until > now", "False", 0),
    mutation(
        "a delivery relies on a dead delivery of its own batch",
        *(judge, "link"),
        "if delivery.is_sibling(claim):",
        "if False:",
        200,
        first=110,
    ),
    mutation(
        "the version is not asked for again after claiming",
        claims,
        "claim",
        "moved = _moved_on(known, tools)",
        "moved: list[Work] = []",
        0,
    ),
    mutation(
        "what was fetched is kept for another round",
        *(work.Work, "restart"),
        "self.record = self.identity",
        "self.identity",
        0,
    ),
    mutation(
        "claims of others are given back too",
        *(claims, "put_aside"),
        "delivery.owns(work.link.claim)",
        "work.link.claim",
        0,
    ),
    mutation(
        "what a delivery has written is forgotten when it is kept from the rest",
        *(claims, "_aside"),
        "baseline(work, work.link, delivery)",
        "work.link",
        0,
    ),
    mutation("what is owed to the count is not paid", remember, "final", "if work.stored.owed", "if False", 0),
    mutation("what is owed to the count is paid for ever", remember, "store", 'owed=""', "seq=0", 0),
    mutation(
        "what is owed to the count stays owed where nothing else changed",
        *(remember, "store"),
        " or work.stored.owed",
        "",
        0,
    ),
    mutation(
        "a write begins whatever is left of the lease",
        claims,
        "lease_suffices",
        "work.link.claim.until > needed",
        "True",
        0,
    ),
    mutation(
        "who lost its claim and wrote does not say so",
        *(claims, "baseline"),
        "dirty=stored.dirty or work.wrote",
        "dirty=stored.dirty",
        0,
    ),
    mutation(
        "the holder does not hear that another one wrote",
        claims,
        "baseline",
        "known.dirty or stored.dirty",
        "known.dirty",
        0,
    ),
    mutation(
        "what was written is forgotten when the link changed meanwhile",
        *(claims, "baseline"),
        "known = work.known or stored",
        "known = stored",
        0,
    ),
]

KEYS = [
    mutation("who is superseded keeps a delete to himself", work.Work, "_told", "if self.change.deleted", "if False"),
    mutation("a row that was found under another key is not held", recovery, "_hold", "if keys:", "if False:"),
    mutation(
        "a row that goes while it is adopted is missed for good",
        *(writing, "_send"),
        'elif work.step == "adopt" and not work.link.linked:',
        "elif False:",
    ),
    mutation("target keys are not held", MemoryLinks, "reserve", "holders.setdefault(encode_id(key), id)", "id", 5),
    mutation("announced creates are not looked for", recovery, "recover", "if row is not None:", "if False:", 0),
    mutation("an adoption is not announced", claims, "_claimed", 'case "create" | "adopt":', 'case "create":', 0),
    mutation(
        "a key is taken over without a second look at its former holder",
        *(holding, "_take_over"),
        "    if _let_go(other, key, tools) or has_forgotten(*earlier):  # which may be claimed again by now\n"
        "        return True\n",
        "    return True\n",
        0,
    ),
    mutation(
        "a former holder is not made to forget its counterpart",
        *(holding, "_let_go"),
        "links.write(mapping, partition, [empty])",
        "pass",
        10,
        first=190,
    ),
    mutation(
        "a held customer lets go of its key",
        *(holding, "_let_go"),
        'link.state == "removed" and link.reason == "source-deleted"',
        'link.state == "removed"',
        0,
    ),
    mutation(
        "a hold is not announced",
        claims,
        "_claimed",
        "return dataclasses.replace(link, held=not work.lasting, dirty=True)",
        "return link",
        0,
    ),
    mutation("a hold is believed", judge, "_filter", "(not link.held or link.dirty)", "not link.held"),
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

STEPS = [
    mutation(
        "a step is not remembered",
        *(steps, "_know"),
        "digests=draft.digests, parts=parts",
        "digests=work.link.digests",
        *(5, "shop"),
    ),
    mutation(
        "steps that a dead delivery left undone are skipped",
        *(judge, "compare"),
        "elif mapped.steps:",
        "elif False:",
        *(50, "shop"),
    ),
    mutation("a child row is made without looking", steps, "_child", "if rows:", "if False:"),
    mutation(
        "a child row that a search missed is not looked for again",
        *(writing, "_took_behind"),
        "elif not work.searched_again and (work.fresh or isinstance(result, Missing)):",
        "elif False:",
    ),
    mutation("a row is not read back behind its create", steps, "_read_back", "if not works:", "if True:", 5, "shop"),
    mutation("a step is done in any state of the row", steps, "_own", "if not due or", "if", 50, "shop"),
    mutation("what a person has chosen is written over", steps, "_own", "step.keep and", "False and", 50, "shop"),
    mutation(
        "what is put aside between two steps is not counted",
        *(claims, "_aside"),
        "return link.as_counted(work.stored)",
        "return link",
    ),
    mutation("a hold is believed of what is gone", judge, "_absent", "(not link.held or link.dirty)", "not link.held"),
    mutation(
        "what was not found is taken for what it was",
        *(judge, "_absent"),
        'work.version = "not-found" if tools.plan.feed == "snapshot" else ""',
        "pass",
    ),
    mutation(
        "it is not kept by which values a record was judged",
        *(remember, "_stamp"),
        "work.after = dataclasses.replace(after, version=version)",
        "pass",
    ),
    mutation(
        "what is new of the target's reference data releases nobody",
        *(remember, "remember"),
        "found = [each.awaits for each in served if each.awaits.startswith(REFERENCE_DATA) and each.id in past]",
        "found: list[str] = []",
    ),
    mutation("a release takes away the turn after it", MemoryWaiting, "remove", 'in ("", known.turn)', "is not None"),
]

REFERENCES = [
    mutation(
        "what another flow decided meanwhile is not seen under the claim",
        *(claims, "claim"),
        "for work in _decided_anew(works, tools) if work not in moved",
        "for work in works if False",
    ),
    mutation(
        "a flow that is deciding is ignored",
        *(facts.BatchFacts, "deciding"),
        "self._refuse_undecided(plan, mapping, link)",
        "pass",
    ),
    mutation(
        "a create of another flow that was announced is ignored",
        *(facts.BatchFacts, "_refuse_undecided"),
        "if link.reserved and (link.claim or link.dirty):",
        "if False:",
    ),
    mutation(
        "what must stay is not compared",
        *(judge, "_refuse_moved"),
        "if field is not None and field.fixed is not None:",
        "if False:",
    ),
    mutation("what must stay is not announced", claims, "_lasting", "if name in names", "if False"),
    mutation("hopes have no rows", remember, "_names", "else link.hopes", "else ()", 50, "people"),
    mutation(
        "hopes are forgotten when nothing else is new",
        *(outcomes, "end_unchanged"),
        "hopes = work.mapped.hopes if work.mapped else ()",
        "hopes = ()",
        20,
        "people",
        first=120,
    ),
    mutation(
        "what a create leaves to updates is never sent", outcomes, "hopes_of", " if left else ", " if False else "
    ),
    mutation(
        "a recovered row gives nothing to others",
        *(recovery, "_take"),
        "given = {**work.link.gives, **given_by(row, tools)}",
        "given = work.link.gives",
    ),
    mutation("a waiting row is swept away under a delivery", sweep, "sweep", "if not at_work:", "if True:"),
    mutation(
        "who waits for a record is not released by its link",
        *(remember, "remember"),
        "if tools.awaited:",
        "if False:",
        *(50, "people"),
    ),
]

NUMBERED = [
    mutation(
        "a row under another number is not looked for",
        *(recovery, "recover"),
        "if plan.recovery is not None:",
        "if False:",
        *(10, "numbered"),
    ),
    mutation("what a create is about to send is not announced", claims, "_claimed", 'work.step == "create"', "False"),
    mutation(
        "a row that another record has is taken",
        *(recovery._Lost, "left"),
        "if _is_of(holders.get(_key_text(row, tools), self.work.change.id), self.work)",
        "",
    ),
    mutation(
        "a record that cannot be mapped is not to be looked for any more",
        *(recovery, "_traced"),
        "        if work.change.id in mapped:\n",
        "        if work.change.id not in mapped:\n            _begin_anew(work)\n        else:\n",
    ),
    mutation("one of several rows is taken", recovery, "_only", "if len(rows) == 1", "if rows"),
    mutation("what has changed is not compared", recovery._Traces, "are_in", "in self.then.items()", "in ()"),
    mutation(
        "a row must hold what the record holds now", recovery, "_traces", "then[name] = sent[name]", 'then[name] = ""'
    ),
    mutation(
        "a number of F&O's own is taken for one of ours",
        *(recovery, "_take"),
        "given[RULE] = OTHER",
        "pass",
    ),
    mutation(
        "a key that could not be held is forgotten",
        *(holding, "_hold_later"),
        "if work.known is not None:",
        "if False:",
    ),
]

DEPLOYING = [
    mutation(
        "an old host applies what is read under new rules",
        apply,
        "apply",
        "refuse_outdated(tools)",
        "pass",
        10,
        first=880,
    ),
    mutation("an old host writes what it claims", apply, "_write_drafts", "refuse_outdated(tools)", "pass"),
    mutation(
        "new rules are told of behind the first page",
        *(detect, "_take_over"),
        "tools.watermarks.save(taken)",
        "dataclasses.replace(taken, step=watermark.step, definition=watermark.definition)",
        60,
    ),
    mutation("new rules take over and read nothing", detect, "_take_over", "full=True", "full=False", 60),
]

MUTATIONS = [*HANDING_ON, *COUNTING, *DEPLOYING, *RACES, *KEYS, *NUMBERED, *SHOWING, *STEPS, *REFERENCES, *OF_DOCUMENTS]
