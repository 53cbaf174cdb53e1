"""The switches of the Dataverse simulator: what wire.md leaves open, who may do what, and the service's limits.

A switch whose name ends in `_status` says with which HTTP status something is refused. What the other values mean
stands beside each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from local.simulators.dataverse.schema import load_tables
from local.simulators.dataverse.visible import hideable

PRIVILEGES = ("read", "write", "create", "delete", "append", "append_to")
"""What a caller may or may not do with the rows of a table; `write` is the change of a row that exists."""

SWITCHES: Mapping[str, Any] = {
    # Entity sets on which the caller lacks a privilege (wire.md 1.12), and those that it may read below the level of
    # the organisation only, which is too little for change tracking (wire.md 1.7).
    **{f"no_{privilege}": [] for privilege in PRIVILEGES},
    "no_organization_read": [],
    # Whether the caller lacks the privilege to merge rows, which is one for all tables.
    "no_merge": False,
    # Change tracking (wire.md 1.7): days that a token lives; whether a delta without changes has an empty list in it
    # (`list`) or is an empty object (`nothing`); the status of an expired token.
    "delta_token_days": 7,
    "empty_delta": "list",
    "expired_token_status": 400,
    # $batch (wire.md 1.8): how a failed change set is told; whether a batch that stops lists what went well before;
    # how the reason stands in a status line; the status of too many operations.
    "change_set_error": "plain",
    "stopped_batch": "all",
    "batch_reason": "spaced",
    "too_many_operations_status": 400,
    # Keys and binds (wire.md 1.4 and 1.5): a key value with a character that does not work, a violated key, a bind to
    # a row that is not there.
    "key_characters_status": 400,
    "duplicate_key_status": 412,
    "missing_bind_status": 404,
    # Conditions and upserts (wire.md 1.2 and 1.3): the codes of conditions that are not met (`hex` or `empty`), and
    # whether an update names the row and tells the preference that it applied.
    "condition_codes": "hex",
    "entity_id_on_update": True,
    "preference_on_update": True,
    # Bulk messages (wire.md 1.9 and Part 4).
    "no_bulk_status": 404,
    "bulk_duplicate_code": "0x80040237",
    "bulk_type_code": "0x80048d19",
    # Whether the Prospect-to-cash solution is there with its columns, keys and statuses (flows.md 1.11).
    "p2c_solution": False,
    # Columns that are not there, as "<entity set>.<column>", so that the schema can change while a client runs; delta
    # tokens of such a table expire (wire.md 1.7).
    "hidden_columns": [],
    # Errors (wire.md 1.12 and Part 4): an inner error as older servers sent it; the body of a 401.
    "inner_error": False,
    "unauthorized_body": "json",
    # Service protection (wire.md 1.10); 0 switches a limit off. `pause` is the shortest Retry-After, in seconds.
    "limit_requests": 6_000,
    "limit_seconds": 1_200,
    "limit_concurrent": 52,
    "limit_pause": 5,
    "retry_after": True,
    "web_servers": 1,
    "dop_hint": 4,
    "dop_hint_on": "who-am-i",
    # Duplicate detection rules that are published, as table and columns (wire.md 1.11).
    "duplicate_rules": ["account(name)", "contact(emailaddress1)"],
    # Products and price lists (wire.md 1.13): the status of what is refused; which products can be edited while they
    # are active: all (`open`), those without a family (`families`: the others are guarded), none (`draft`); what a
    # default price list is that is given when a product is created (flows.md 2.3); whether the first price of a product
    # makes its price list the default one.
    "product_refusal_status": 400,
    "product_edits": "open",
    "new_default_price_list": "ignored",
    "first_price_sets_default": False,
    # Quotes (wire.md 1.14): the code of an edit of what is no draft; whether a new quote can have the number of
    # another draft or active one; whether a line without product or unit is refused or has a pricing error; whether
    # the server numbers lines, and whether a revision keeps the numbers (flows.md 11, point 9); what the manual
    # discount of a line is for, the `line` or the `unit`.
    "read_only_code": "0x8004022e",
    "quote_number_twice": "allowed",
    "incomplete_line": "priced",
    "line_sequence": "filled",
    "revision_keeps_sequence": True,
    "discount_method": "line",
}  # fmt: skip

_CHOICES: Mapping[str, Iterable[Any]] = {
    "empty_delta": ("list", "nothing"),
    "expired_token_status": (400, 403, 404, 410, 412),
    "change_set_error": ("plain", "wrapped"),
    "stopped_batch": ("all", "failure"),
    "batch_reason": ("spaced", "joined"),
    "too_many_operations_status": (400, 413),
    "key_characters_status": (400, 404),
    "duplicate_key_status": (412, 400),
    "missing_bind_status": (404, 400),
    "condition_codes": ("hex", "empty"),
    "no_bulk_status": (404, 400),
    "bulk_duplicate_code": ("0x80040237", "0x80040216", "0x0"),
    "bulk_type_code": ("0x80048d19", "0x80040216", "0x0"),
    "unauthorized_body": ("json", "empty"),
    "dop_hint_on": ("who-am-i", "all", "none"),
    "product_refusal_status": (400, 403, 405, 412),
    "product_edits": ("open", "families", "draft"),
    "new_default_price_list": ("ignored", "refused"),
    "read_only_code": ("0x8004022e", "0x80040230", "empty"),
    "quote_number_twice": ("allowed", "refused"),
    "incomplete_line": ("priced", "refused"),
    "line_sequence": ("filled", "empty"),
    "discount_method": ("line", "unit"),
}


def allowed(own: Path | None = None) -> Mapping[str, Iterable[Any]]:
    """The values that a switch takes; a switch that is not here takes any value of its type.

    `own`: a folder of tables that the organisation has made itself.
    """
    tables = tuple(load_tables(own=own))
    of_tables = [*(f"no_{privilege}" for privilege in PRIVILEGES), "no_organization_read"]
    return {**dict.fromkeys(of_tables, tables), "hidden_columns": hideable(own), **_CHOICES}


ALLOWED = allowed()
"""What is allowed without such tables."""
