"""The ways in which the simulators are broken on purpose, and the judge's test that must notice each.

They are the refusals that wire.md Part 4 asks for, and the answers that clients live on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from tests.judges import test_judge_community as community
from tests.judges import test_judge_finops as finops
from tests.judges import test_judge_microsoft_bulk as bulk
from tests.judges import test_judge_microsoft_rows as rows
from tests.judges.judges_world import KEY
from tests.judges.sabotage import Answered, Asked, Fraud, nothing


@dataclass(frozen=True)
class Case:
    """A fraud and the test that must fail on it."""

    name: str
    judge: Callable[[Any], None]
    fraud: Fraud


def _asked(name: str, judge: Callable[[Any], None], ask: Callable[[Asked], None]) -> Case:
    return Case(name, judge, Fraud(ask=ask))


def _answered(name: str, judge: Callable[[Any], None], answer: Callable[[Asked, Answered], None]) -> Case:
    return Case(name, judge, Fraud(ask=nothing, answer=answer))


# What is asked, bent.


def _without(header: str) -> Callable[[Asked], None]:
    def ask(asked: Asked) -> None:
        asked.headers.pop(header, None)

    return ask


def _replace(old: str, new: str) -> Callable[[Asked], None]:
    """In the target."""

    def ask(asked: Asked) -> None:
        asked.target = asked.target.replace(old, new)

    return ask


def _goes_on(asked: Asked) -> None:
    if "$batch" in asked.target:
        asked.headers["prefer"] = "odata.continue-on-error"


def _line_feeds_anyhow(asked: Asked) -> None:
    if "$batch" in asked.target and b"\r\n" not in asked.body:
        asked.body = asked.body.replace(b"\n", b"\r\n")


def _line_feeds_never(asked: Asked) -> None:
    if "$batch" in asked.target:
        asked.body = asked.body.rstrip(b"\n")


def _no_change_sets(asked: Asked) -> None:
    """Each operation of a change set stands for itself."""
    if "$batch" not in asked.target:
        return
    text = asked.body.decode()
    outer = text.partition("\r\n")[0]
    text = re.sub(r'Content-Type: multipart/mixed; boundary="(.*?)"\r\n\r\n--\1\r\n', "", text)
    text = re.sub(r"--changeset_[\w-]+--\r\n\r\n", "", text)
    asked.body = re.sub(r"--changeset_[\w-]+\r\n", outer + "\r\n", text).encode()


def _shortened(asked: Asked) -> None:
    asked.body = re.sub(rb"x{161}", b"x" * 160, asked.body)


def _only_good_targets(asked: Asked) -> None:
    if asked.target.endswith("CreateMultiple"):
        good = [target for target in asked.payload["Targets"] if len(target["name"]) <= 160]
        asked.payload = {"Targets": good}


def _each_key_once(asked: Asked) -> None:
    if asked.target.endswith("UpsertMultiple"):
        asked.payload = {"Targets": list({one["@odata.id"]: one for one in asked.payload["Targets"]}.values())}


def _any_key_character(asked: Asked) -> None:
    if asked.target.endswith("UpsertMultiple"):
        for target in (payload := asked.payload)["Targets"]:
            target["@odata.id"] = target["@odata.id"].replace("/", "-")
        asked.payload = payload


def _no_repeated_keys(asked: Asked) -> None:
    if asked.target.endswith("UpsertMultiple"):
        for target in (payload := asked.payload)["Targets"]:
            target.pop(KEY, None)
        asked.payload = payload


def _upsert_creates(asked: Asked) -> None:
    """An upsert is a create that does not know the key."""
    if asked.method == "PATCH" and (found := re.match(rf"(.*/accounts)\({KEY}=", asked.target)):
        asked.method, asked.target, asked.payload = "POST", found[1], {**asked.payload, KEY: "C1"}


def _create_overwrites(asked: Asked) -> None:
    if asked.method == "POST" and asked.target.endswith("/accounts"):
        asked.method, asked.target = "PATCH", f"{asked.target}({asked.payload.get('accountid', uuid4())})"


def _any_token(asked: Asked) -> None:
    asked.headers["authorization"] = "Bearer any"


def _some_choice(asked: Asked) -> None:
    asked.body = asked.body.replace(b'"customertypecode": 999', b'"customertypecode": 1')


def _whole_key(asked: Asked) -> None:
    asked.target = asked.target.replace("(CustomerAccount='C1')", "(dataAreaId='usmf',CustomerAccount='C1')")


def _every_column(asked: Asked) -> None:
    asked.target = re.sub(r"(%24|\$)select=\w+&", "", asked.target)


def _all_companies(asked: Asked) -> None:
    if asked.target.endswith("/CustomersV3") and asked.method == "GET":
        asked.target += "?cross-company=true"


# What is answered, bent.


def _no_ids(asked: Asked, answered: Answered) -> None:
    answered.headers = {
        name: value for name, value in answered.headers.items() if name.lower() not in ("odata-entityid", "location")
    }


def _other_order(asked: Asked, answered: Answered) -> None:
    if "Ids" in (payload := answered.payload):
        answered.payload = {**payload, "Ids": payload["Ids"][::-1]}


def _one_page(asked: Asked, answered: Answered) -> None:
    if "@odata.nextLink" in (payload := answered.payload):
        answered.payload = {name: value for name, value in payload.items() if name != "@odata.nextLink"}


def _no_retry_after(asked: Asked, answered: Answered) -> None:
    answered.headers = {name: value for name, value in answered.headers.items() if name.lower() != "retry-after"}


def _id_for_a_key(asked: Asked, answered: Answered) -> None:
    for name in answered.headers:
        if name.lower() == "odata-entityid" and "='" in answered.headers[name]:
            answered.headers[name] = answered.headers[name].partition("(")[0] + f"({uuid4()})"


def _accepts(status: int, text: str, instead: int, method: str = "") -> Callable[[Asked, Answered], None]:
    """A refusal with this status and text becomes a success; a create gets an id that leads nowhere."""

    def answer(asked: Asked, answered: Answered) -> None:
        if answered.status == status and text.encode() in answered.body and method in asked.method:
            answered.status = instead
            address = f"http://127.0.0.1{asked.target.partition('?')[0]}({uuid4()})"
            answered.headers = {"OData-EntityId": address, "content-type": "application/json"}
            answered.body = b"" if instead == 204 else b'{"value":[]}'

    return answer


def _count_of_the_page(asked: Asked, answered: Answered) -> None:
    if "@odata.count" in (payload := answered.payload):
        answered.payload = {**payload, "@odata.count": len(payload["value"])}


def _same_etag(asked: Asked, answered: Answered) -> None:
    answered.body = re.sub(rb'"@odata.etag":\s?"(?:[^"\\]|\\.)*"', rb'"@odata.etag":"W/\\"1\\""', answered.body)


def _bare_error(asked: Asked, answered: Answered) -> None:
    if "error" in (payload := answered.payload):
        payload["error"].pop("innererror", None)
        answered.payload = payload


def _null_for_empty(asked: Asked, answered: Answered) -> None:
    answered.body = re.sub(rb":\s?\"\"([,}])", rb":null\1", answered.body)


FRAUDS = [
    _asked(
        "line feeds need no end of two", community.test_a_batch_with_line_feeds_alone_is_refused, _line_feeds_anyhow
    ),
    _asked("line feeds are never taken", community.test_a_batch_with_line_feeds_ends_in_two_of_them, _line_feeds_never),
    _answered("a create tells no id", rows.test_a_row_is_created_read_updated_and_deleted, _no_ids),
    _answered("ids come in another order", bulk.test_rows_are_created_in_bulk_and_answered_in_order, _other_order),
    _answered("there is one page", rows.test_every_page_is_read_once, _one_page),
    _asked("pages are as long as they like", rows.test_every_page_is_read_once, _without("prefer")),
    _asked("if-match means nothing", rows.test_an_update_never_creates, _without("if-match")),
    _asked("an upsert is a create", bulk.test_one_row_is_upserted_by_its_key, _upsert_creates),
    _asked("an id is given twice", rows.test_an_id_is_given_once, _create_overwrites),
    _answered("a key is given twice", bulk.test_a_key_is_given_to_one_row, _accepts(412, "0x80060892", 204)),
    _answered("an upsert by key tells an id", community.test_an_upsert_by_key_tells_no_id, _id_for_a_key),
    _answered(
        "any column is a key",
        bulk.test_a_key_that_is_not_declared_is_refused,
        _accepts(400, "The key in the request URI", 204),
    ),
    _asked(
        "a key may hold anything",
        partial(bulk.test_a_key_with_a_forbidden_character_is_refused, character="/"),
        _any_key_character,
    ),
    _answered(
        "a key is quoted anyhow",
        community.test_a_key_that_is_quoted_wrongly_is_refused,
        _accepts(400, "error", 204),
    ),
    _asked("lengths are not checked", rows.test_what_is_wrong_with_a_row_is_told_by_code, _shortened),
    _asked("choices are not checked", rows.test_what_is_wrong_with_a_row_is_told_by_code, _some_choice),
    _asked("names have any case", rows.test_what_is_wrong_with_a_row_is_told_by_code, _replace("=Name+eq", "=name+eq")),
    _asked("a bulk call writes what it can", bulk.test_one_bad_row_undoes_a_bulk_call, _only_good_targets),
    _asked("the last of two keys counts", bulk.test_the_same_key_twice_fails_the_whole_upsert, _each_key_once),
    _asked(
        "a key may be repeated in a bulk create",
        bulk.test_a_key_repeated_in_the_row_fails_a_bulk_create_and_not_a_bulk_update,
        _no_repeated_keys,
    ),
    _asked(
        "a change set is a list", partial(bulk.test_a_failed_change_set_leaves_nothing, form="plain"), _no_change_sets
    ),
    _asked("a batch always goes on", bulk.test_a_batch_stops_at_its_first_failure_unless_asked, _goes_on),
    _asked("a batch never goes on", bulk.test_a_batch_stops_at_its_first_failure_unless_asked, _without("prefer")),
    _answered("a throttle has no end", rows.test_a_throttled_client_is_told_how_long_to_wait, _no_retry_after),
    _asked("no token is needed", rows.test_no_token_no_answer, _any_token),
    _asked(
        "cross-company is ignored",
        finops.test_other_companies_are_read_across_companies_only,
        _replace("cross-company=true", "cross-company=false"),
    ),
    _asked("every company is read", finops.test_other_companies_are_read_across_companies_only, _all_companies),
    _answered(
        "an update creates", finops.test_a_missing_row_is_not_found_and_never_made, _accepts(404, "error", 204, "PATCH")
    ),
    _asked("half a key will do", finops.test_half_a_key_is_refused, _whole_key),
    _answered(
        "in is supported",
        partial(finops.test_a_filter_that_is_not_supported_is_refused, wrong="CustomerAccount in ('C1','C2')"),
        _accepts(400, "error", 200),
    ),
    _asked(
        "every column comes back",
        finops.test_rows_are_filtered_chosen_ordered_and_counted,
        _every_column,
    ),
    _answered("the page is counted", finops.test_rows_are_filtered_chosen_ordered_and_counted, _count_of_the_page),
    _answered("there is one page in F&O", finops.test_a_next_link_is_handed_out_and_not_followed, _one_page),
    _answered("an etag stays", finops.test_a_row_is_created_read_updated_and_deleted, _same_etag),
    _answered("an error has no infolog", finops.test_what_is_wrong_is_told_in_the_infolog, _bare_error),
    _answered(
        "a row is created twice", finops.test_what_is_wrong_is_told_in_the_infolog, _accepts(400, "already exists", 201)
    ),
    _answered("an empty text is null", finops.test_an_enum_is_a_name_and_an_empty_text_is_empty, _null_for_empty),
]
