"""Number sequences: which number a new record gets, and what becomes of a number that the client sends.

Whether clients may send numbers while a sequence is automatic is unknown (flows.md 11, number 2), and quotations are
documented to need a manual one (flows.md 1.14); hence four settings for each sequence:

manual: the client must send the number.
automatic: a number is made for who sends none; a number that is sent is kept.
replaced: a number is always made; a number that is sent is dropped.
refused: a number is always made; a number that is sent is refused.

`unknown_party` says what a party number that no party has does on a create: the party is entered under that number,
under the next number of the address book, or the create is refused. `known_party` says whether a create can name a
party that is there, so that two roles share it (flows.md K6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.simulators.finops.schema import COMPANY, EntitySet
from local.simulators.finops.store import key_of

if TYPE_CHECKING:
    from local.simulators.finops.world import World

_SETTINGS = ("manual", "automatic", "replaced", "refused")
SWITCHES: Mapping[str, tuple[Any, ...]] = {
    "customer_numbers": _SETTINGS,
    "contact_numbers": ("automatic", "manual", "replaced", "refused"),
    "quotation_numbers": _SETTINGS,
    "unknown_party": ("created", "numbered", "refused"),
    "known_party": ("joined", "refused"),
}


def number(world: World, switch: str, entity_set: EntitySet, name: str, values: dict[str, Any], form: str) -> None:
    """Give a new row its number in `name` as the sequence is set up; `form` makes a text of a number.

    Raises Refusal where a sent number is refused; a manual sequence leaves a missing number missing.
    """
    setting = world.switch(switch)
    sent = values.get(name)
    if setting == "manual" or (setting == "automatic" and sent):
        return
    if setting == "refused" and sent:
        raise world.infolog.not_editable(entity_set, name)
    values[name] = _next(world, entity_set, name, values, form)


def _next(world: World, entity_set: EntitySet, name: str, values: Mapping[str, Any], form: str) -> str:
    sequence = f"{entity_set.table} {values[COMPANY]}"
    while True:
        world.counters[sequence] += 1
        made = form.format(world.counters[sequence])
        if world.store.find(entity_set.name, key_of(entity_set, {**values, name: made})) is None:
            return made
