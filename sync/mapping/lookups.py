"""Stages that take values from reference data and from the links of other records."""

from __future__ import annotations

from sync.errors import DataError, NotReady
from sync.keys import key_text
from sync.mapping.job import Job, Result, Stage
from sync.mapping.row_schema import Exists, Reference
from sync.mapping.terms import BY_TARGET, COMPANY, Facts, UnknownId, says_who_replaced, with_key
from sync.mapping.text import clean
from sync.model import Link, Scalar, System


def look_up(system: System, set: str, give: str) -> Stage:
    """The value of a column of reference data. Raises NotReady `reference-unknown` for an id that is not there."""

    def stage(value: Scalar | None, job: Job) -> Result:
        if value is None:
            return None
        try:
            found = job.facts.lookup(system, set, str(value), give)
        except UnknownId:
            raise NotReady(
                "reference-unknown",
                f"{set} has no row {value}.",
                awaits=f"{system}:{set}:{value}",
                remedy=f"The record goes on when {set} has it and the app may read it.",
            ) from None
        return (clean(found) or None) if isinstance(found, str) else found

    return stage


def must_exist(system: System, test: Exists, target: str, remedy: str) -> Stage:
    """The value as the target system spells it. Raises DataError `test.code` when it is not there (flows.md 1.7).

    `remedy` is what helps beside a row of the set.
    """
    set, column = test.set, test.column

    def stage(value: Scalar | None, job: Job) -> Result:
        if value is None:
            return None
        found = job.facts.exists(system, set, column, str(value), job.company if test.by_company else None)
        if found is None:
            what = f"{set} has no row with this {column}."
            raise DataError(test.code, what, column=target, retryable=True, remedy=f"Add it to {set}{remedy}.")
        return found

    return stage


def refer(reference: Reference, target: str) -> Stage:
    """A value of another record's link, found by that record's id, or by that of its counterpart (flows.md 1.7).

    The value is the id; behind a "|" stands the table, for a lookup to several. While the record is not linked:
    NotReady, which names it and says why; if the reference is optional, blank and hoped for. Raises DataError where the
    two must be in one company and are not.
    """
    by_table, give = reference.by_table, reference.give

    def stage(value: Scalar | None, job: Job) -> Result:
        if value is None:
            return None
        id, _, table = str(value).lower().partition("|")
        mapping = by_table.get(table)
        if mapping is None:
            return None
        link, name = _linked(mapping, id, reference.by_target, job)
        if link is not None and link.linked:
            if reference.same_company and str(link.target.get(COMPANY, "")).casefold() != job.company.casefold():
                raise _elsewhere(reference.same_company, f"{mapping} {id}", target, link)
            found = link.gives.get(give)
            return link.target.get(give) if found is None else clean(found) or None
        if reference.optional:
            job.hopes[name] = None
            return None
        what, remedy = _why_not(mapping, id, link, job.facts)
        code = reference.waiting or "reference-unknown"
        raise NotReady(code, f"{target} comes from {what}", awaits=name, remedy=remedy)

    return stage


def _linked(mapping: str, id: str, by_target: str | None, job: Job) -> tuple[Link | None, str]:
    """The link, and the name under which it is waited for."""
    if by_target is None:
        return job.facts.link(mapping, id), f"{mapping}:{id}"
    key = key_text({by_target: id})
    return job.facts.owner(mapping, key), f"{mapping}{BY_TARGET}:{key}"


def _elsewhere(code: str, other: str, target: str, link: Link) -> DataError:
    return DataError(
        code,
        f"{other} is linked in company {link.target.get(COMPANY)}, and this record belongs to another.",
        column=target,
        retryable=True,
        remedy="Give the record an owner of that company, or have the other one linked in this company.",
    )


def _why_not(mapping: str, id: str, link: Link | None, facts: Facts) -> tuple[str, str]:
    """Why a record is not linked, and what is to be done (CE3)."""
    goes_on = "This record goes on by itself as soon as that one is linked."
    if link is None or link.state == "":
        return f"{mapping} {id}, which is not linked yet.", goes_on
    reason = link.reason or (link.trouble.code if link.trouble else "")
    why = f"{link.state}: {reason}" if reason else link.state
    if link.successor:
        successor = _last_successor(mapping, link, facts)
        there = facts.link(mapping, successor)
        what = f"{mapping} {id}, which is {why}. {says_who_replaced(mapping, successor, there)}"
        return what, f"Let this record refer to {with_key(mapping, successor, there)} instead."
    return f"{mapping} {id}, which is {why}.", f"Mend that one. {goes_on}"


def _last_successor(mapping: str, link: Link, facts: Facts) -> str:
    """Who has taken its place in the end, where the one that did was replaced as well."""
    seen, id = {link.id.lower()}, link.successor
    while id not in seen:
        seen.add(id)
        following = facts.link(mapping, id)
        id = following.successor if following is not None and following.successor else id
    return id
