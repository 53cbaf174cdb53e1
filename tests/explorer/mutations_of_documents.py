"""Deliberate faults of what the engine does with documents: lines, revisions, and what one takes over from another."""

from __future__ import annotations

from sync import claims, documents, judge, lines, outcomes, revisions, writing
from sync.stores.memory import MemoryLinks
from tests.explorer.mutation import Mutation, mutation

KNOWN_AGAIN: list[Mutation] = [
    mutation(
        "a line whose place is the same stays, whatever it sells",
        *(documents, "_known_again"),
        "unchanged, alike = lines[0].same, (*lines[0].same, *lines[0].alike)",
        "unchanged, alike = (), (*lines[0].same, *lines[0].alike)",
        10,
        "quotes",
        first=50,
    ),
    mutation(
        "a line of another id and place is always a new one",
        *(documents, "_known_again"),
        "lambda at: _some(digests[at], alike)",
        "lambda at: None",
    ),
    mutation(
        "the number of a line that was removed is given anew",
        *(documents, "_numbered"),
        "if there.rows is None or link.gone or link.number in there.rows",
        "if not link.gone",
    ),
    mutation(
        "what clerks have added takes no number",
        *(documents, "_numbered"),
        " | set(there.rows or ()) | there.taken",
        "",
        10,
        "quotes",
        first=50,
    ),
    mutation(
        "a row of a number that was announced is the app's, whatever it sells",
        *(documents, "_numbered"),
        "if link.gone or _is_its_row(link, rows, there.same, digester)",
        "",
    ),
    mutation(
        "a number that somebody else took meanwhile is given again",
        *(lines, "number_anew"),
        "taken=work.there.taken | taken",
        "taken=work.there.taken",
    ),
    mutation(
        "a line goes on to stand for the row of somebody who took its number meanwhile",
        *(lines, "number_anew"),
        "links=links, taken",
        "taken",
    ),
    mutation("a refused line is refused for good", writing, "_classify", "if work in outrun or", "if"),
]

GONE: list[Mutation] = [
    mutation(
        "a line that was told gone is believed to be",
        *(documents, "_is_there"),
        "return _is_its_row(link, there.rows, there.same, digester)",
        "return not link.gone",
    ),
    mutation(
        "whatever has the number of a line that is gone is deleted",
        *(documents, "_is_there"),
        "return _is_its_row(link, there.rows, there.same, digester)",
        "return True",
    ),
    mutation(
        "a line that has long gone stands for whatever has its number by now",
        *(documents, "_gone"),
        "digests={} if left_before else link.digests",
        "digests=link.digests",
    ),
]

ANNOUNCED: list[Mutation] = [
    mutation(
        "lines are not remembered",
        *(MemoryLinks, "write"),
        "self._lines[mapping, partition][encode_id(id)].update((line.number, line) for line in rows)",
        "pass",
        10,
        "quotes",
    ),
    mutation(
        "lines that were announced are taken for written",
        *(claims, "_claimed"),
        "dirty=link.dirty or bool(announced_lines(work))",
        "dirty=link.dirty",
    ),
    mutation(
        "lines that are taken over and announced are taken for written",
        *(claims, "_claimed"),
        "unsure = link.dirty or (link.linked and bool(work.draft.lines.writes))",
        "unsure = link.dirty",
    ),
    mutation(
        "lines that were announced and not written stay known",
        *(lines, "draft_of_lines"),
        "(*void, *taken_over, *draft.links)",
        "(*taken_over, *draft.links)",
    ),
    mutation(
        "rows are believed to be as they were announced",
        *(lines, "_must_read"),
        "return work.link.dirty or bool",
        "return bool",
    ),
]

TAKEN_OVER: list[Mutation] = [
    mutation(
        "the lines of the earlier revision are not kept under the later one",
        *(lines, "draft_of_lines"),
        "work.there.links if work.follows else ()",
        "()",
    ),
    mutation(
        "the lines of a claimed revision are looked for under the earlier one",
        *(lines, "_holder"),
        "work.follows and work.link.claim is None",
        "work.follows",
    ),
    mutation(
        "what a revision was claimed with before is taken for what it takes over",
        *(revisions, "follow"),
        "gives=earlier.gives, claim=None",
        "gives=earlier.gives",
    ),
    mutation(
        "a revision that is kept back holds on to what it would have taken over",
        *(outcomes, "_own"),
        "work.link if work.own is None or work.link.claim is not None else work.own",
        "work.link",
        5,
        "quotes",
        first=10,
    ),
    mutation(
        "a revision that was kept from taking over once claimed goes on as if it had",
        *(judge, "judge"),
        "give_up_lost(free, tools)",
        "give_up_lost([work for work in free if work.link.dirty], tools)",
    ),
    mutation(
        "what has lost its claim while it took over keeps what is another's",
        *(judge, "judge"),
        "    give_up_lost(free, tools)\n",
        "",
        20,
        "quotes",
    ),
    mutation(
        "a revision is written over by an earlier one",
        *(revisions, "follow"),
        "if rule.of(work.source.values) <= revision_of(earlier):",
        "if False:",
    ),
    mutation(
        "what a dead host was writing of an earlier revision is taken for written",
        *(revisions, "follow"),
        "dirty=earlier.dirty or earlier.claim is not None",
        "dirty=earlier.dirty",
    ),
    mutation(
        "an earlier revision is made to forget what somebody is writing",
        *(revisions, "made_to_forget"),
        "running or ",
        "",
    ),
    mutation(
        "an earlier revision is made to forget what was written since it was looked at",
        *(revisions, "made_to_forget"),
        " or _written(link) != _written(by.follows)",
        "",
    ),
    mutation(
        "who has the row of a key is who holds the key",
        *(revisions, "_who_has"),
        "while link is not None and not _has(link, key):",
        "while False:",
    ),
]

OF_DOCUMENTS = [*KNOWN_AGAIN, *GONE, *ANNOUNCED, *TAKEN_OVER]
