"""Wrong set-up as an answer shows it, with the remedy in the words of the system's administrators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sync.errors import ConfigError, SyncError, Transient, Unsure
from sync.model import System
from sync.systems.answers import Answer
from sync.systems.redaction import redact

AGAIN_SECONDS = 10.0
"""Until the next try, where nobody says when."""


@dataclass(frozen=True, slots=True)
class Words:
    """How a system is called, and what its administrators do about sign-in and rights."""

    system: System
    name: str
    let_in: str
    give_right: str


SALES = Words(
    "sales",
    "Sales",
    "Make the app an application user of this Sales environment; check that the base address is its own.",
    "Give the app's user a security role with it, at organization level.",
)
FINOPS = Words(
    "finops",
    "F&O",
    "Register the app under System administration > Setup > Microsoft Entra applications and map it to a user; check "
    "the base address.",
    "Give the user that the app is mapped to a role that may read and write the entity.",
)


def not_signed_in(words: Words, base: str, answer: Answer) -> ConfigError:
    """401 to a token that has not expired."""
    return ConfigError(f"{words.name} does not know the app.", where=base, remedy=words.let_in,
                       details=answer.details())  # fmt: skip


def no_right(words: Words, base: str, about: str, answer: Answer) -> ConfigError:
    """403, or a privilege code; Dataverse names the privilege in its text."""
    privilege = re.search(r"\bprv\w+", answer.error().message)
    missing = f"the privilege {privilege.group()}" if privilege else "a right"
    return ConfigError(f"The app's user lacks {missing} for {about}.", where=base, remedy=words.give_right,
                       details=answer.details())  # fmt: skip


def wrong_address(words: Words, base: str, request: str, answer: Answer) -> ConfigError:
    """A redirect, or a table that does not exist."""
    if 300 <= answer.status < 400:
        what, remedy = f"answered with a redirect ({answer.status}), which is not followed", "Check the base address."
    else:
        what = "does not know this table"
        remedy = "Check the entity set's name in the mapping (case counts) and that its solution is installed."
    return ConfigError(f"{words.name} {what}: {request}.", where=base, remedy=remedy, details=answer.details())


def refused_read(words: Words, base: str, about: str, answer: Answer) -> ConfigError:
    """A read of ours that the system refuses: an unknown column or table, or a page link that is no more.

    The system's own text is kept in the details; it names columns, and no value of a record is in a read of ours but
    in filters by id and by number.
    """
    text = redact(answer.error().message)
    named = re.search(r"property named '([^']+)'", text)
    what = f"has no column {named.group(1)!r} in {about}" if named else f"refused to read {about} ({answer.status})"
    return ConfigError(
        f"{words.name} {what}.",
        where=base,
        remedy="Check the names of the entity set and its columns in the mapping (case counts).",
        details={**answer.details(), **({"text": text[:300]} if text else {})},
    )


def refused_batches(words: Words, base: str, answer: Answer) -> ConfigError:
    """Every record was refused before it was looked at: it cannot be the records."""
    return ConfigError(
        f"{words.name} refuses every batch ({answer.status}).",
        where=base,
        remedy="Check the base address, and gateways or firewalls before it that may refuse multipart requests.",
        details=answer.details(),
    )


def half_done(error: SyncError) -> Unsure:
    """What stopped a call of which some records were written already: only Unsure may be told then."""
    if isinstance(error, Unsure):
        return error
    unsure = Unsure(
        f"Some of the records were written, not all. {error.what}",
        delay=error.delay if isinstance(error, Transient) else AGAIN_SECONDS,
        where=error.where,
        remedy=error.remedy,
        details=error.details,
    )
    unsure.__cause__ = error
    return unsure


def gravest(troubles: Sequence[SyncError]) -> SyncError:
    """Of what the parts of one batch met, the error that stands for all: Unsure if there is one, else the first."""
    return next((error for error in troubles if isinstance(error, Unsure)), troubles[0])
