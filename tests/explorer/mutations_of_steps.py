"""Deliberate faults of writes that need several steps, other records, or numbers that the target gives."""

from __future__ import annotations

from sync import (
    claims,
    facts,
    holding,
    judge,
    outcomes,
    recovery,
    remember,
    steps,
    sweep,
    writing,
)
from sync.stores.memory import MemoryWaiting
from tests.explorer.mutation import Mutation, mutation

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

OF_STEPS: list[Mutation] = [*STEPS, *REFERENCES, *NUMBERED]
