"""Deliberate faults of who may write: claims, keys, and hosts of an older deployment."""

from __future__ import annotations

from sync import (
    apply,
    claims,
    detect,
    holding,
    judge,
    recovery,
    remember,
    work,
    writing,
)
from sync.stores.memory import MemoryLinks
from tests.explorer.mutation import Mutation, mutation

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

OF_CLAIMS: list[Mutation] = [*RACES, *KEYS, *DEPLOYING]
