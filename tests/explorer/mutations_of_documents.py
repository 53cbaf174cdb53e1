"""Deliberate faults of what the engine does with documents: lines, revisions, and what one takes over from another."""

from __future__ import annotations

from sync import documents, judge, outcomes
from tests.explorer.mutation import Mutation, mutation

OF_LINES: list[Mutation] = [
    mutation(
        "a line whose place is the same stays, whatever it sells",
        *(documents, "_known_again"),
        "unchanged, alike = lines[0].same, (*lines[0].same, *lines[0].alike)",
        "unchanged, alike = (), (*lines[0].same, *lines[0].alike)",
        5,
        "quotes",
    ),
    mutation(
        "the number of a line that was removed is given anew",
        *(documents, "_numbered"),
        "if there.rows is None or link.gone or link.number in there.rows",
        "if not link.gone",
        10,
        "quotes",
        first=120,
    ),
    mutation(
        "what clerks have added takes no number",
        *(documents, "_numbered"),
        " | set(there.rows or ()) | there.taken",
        "",
        10,
        "quotes",
        first=120,
    ),
]

OF_REVISIONS: list[Mutation] = [
    mutation(
        "a revision that is kept back holds on to what it would have taken over",
        *(outcomes, "_own"),
        "work.link if work.own is None or work.link.claim is not None else work.own",
        "work.link",
        5,
        "quotes",
    ),
    mutation(
        "a revision that was kept from taking over once claimed goes on as if it had",
        *(judge, "judge"),
        "give_up_lost(free, tools)",
        "give_up_lost([work for work in free if work.link.dirty], tools)",
        10,
        "quotes",
        first=170,
    ),
    mutation(
        "what has lost its claim while it took over keeps what is another's",
        *(judge, "judge"),
        "    give_up_lost(free, tools)\n",
        "",
        20,
        "quotes",
    ),
]
