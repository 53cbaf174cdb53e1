"""A Dataverse organisation and its model, checked against each other after every step of a random test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import requests
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.local.dataverse.dataverse_simulated import API, Dataverse, code
from tests.properties.dataverse_copy import Copy
from tests.properties.dataverse_model import COLUMNS, KEY, Known, Organisation, RefusedError, Row, Write
from tests.properties.dataverse_requests import requests_of
from tests.properties.dataverse_strategies import (
    IDS,
    MISSING_ID,
    SETS,
    Condition,
    conditions,
)
from tests.properties.properties_multipart import CONTENT_TYPE, Request, Response, write

SIZES = st.sampled_from([1, 2, 3, 5000])
ORDERS = st.sampled_from(["", "&$orderby=accountid desc", "&$orderby=name,accountid", "&$orderby=numberofemployees"])
type Answered = requests.Response | Response
type Part = Write | Sequence[Write]


class Checked(RuleBasedStateMachine):
    """Reads of all kinds and a copy, in any order between the writes that a test adds."""

    def __init__(self, start: Callable[[], Dataverse]) -> None:
        super().__init__()
        self.service = start()
        self.model = Organisation()
        self.used: dict[Known, set[str]] = {}
        self.version = 0
        self.copies = {name: Copy(self.service, name, self.model.log) for name in COLUMNS}
        self.to_check = True

    @initialize()
    def begin_with_rows_that_refer_to_each_other(self) -> None:
        """Every account has a contact and, but for the first, a parent; a contact has an account or a contact above."""
        accounts, contacts = IDS["accounts"], IDS["contacts"]
        rows = [Write("create", "accounts", id, {"name": f"Contoso {place}"},
                      {"parentaccountid": accounts[place - 1]} if place else {})
                for place, id in enumerate(accounts)]  # fmt: skip
        rows += [Write("create", "contacts", id, {"lastname": "Ada"},
                       {"parentcustomerid_account": accounts[place]} if place % 2 == 0
                       else {"parentcustomerid_contact": contacts[place - 1]})
                 for place, id in enumerate(contacts)]  # fmt: skip
        rows += [Write("update", "accounts", id, {}, {"primarycontactid": contacts[-1]}, "*") for id in accounts]
        body = write(requests_of([rows], self.service.base + API))
        answer = self.service.post("$batch", data=body, headers={"Content-Type": CONTENT_TYPE})
        assert answer.status_code == 200, answer.text
        self.model.together(rows)
        for copy in self.copies.values():
            copy.read_page(5000)

    # Reads.

    @rule(entity_set=SETS, size=SIZES)
    def read_every_page(self, entity_set: str, size: int) -> None:
        pages = self.service.pages(f"{entity_set}?$select={self.columns(entity_set)}", f"odata.maxpagesize={size}")
        assert all(len(page["value"]) == size for page in pages[:-1])
        rows = [row for page in pages for row in page["value"]]
        self.expect_rows(entity_set, rows, self.model.rows[entity_set].values())

    @rule(condition=conditions(), size=SIZES, order=ORDERS)
    def read_by_filter(self, condition: Condition, size: int, order: str) -> None:
        url = f"accounts?$select={self.columns('accounts')}&$filter={escaped(condition.text)}{order}"
        pages = self.service.pages(url, f"odata.maxpagesize={size}")
        expected = [row for row in self.model.rows["accounts"].values() if condition.test(row)]
        self.expect_rows("accounts", [row for page in pages for row in page["value"]], expected)
        if not order:
            counted = self.service.get(f"accounts/$count?$filter={escaped(condition.text)}")
            assert counted.text.lstrip("\ufeff") == str(len(expected))

    @rule(entity_set=SETS, place=st.integers(0, len(IDS["accounts"])))
    def read_by_id(self, entity_set: str, place: int) -> None:
        id = [*IDS[entity_set], MISSING_ID][place]
        answer = self.service.get(f"{entity_set}({id})?$select={self.columns(entity_set)}")
        if id not in self.model.rows[entity_set]:
            assert code(answer) == (404, "0x80040217")
            return
        assert shown(answer.json(), entity_set) == self.model.rows[entity_set][id]
        again = self.service.get(f"{entity_set}({id})", headers={"If-None-Match": answer.json()["@odata.etag"]})
        assert (again.status_code, again.content) == (304, b"")

    # The copy.

    @rule(entity_set=SETS, size=SIZES)
    def read_a_tracked_page(self, entity_set: str, size: int) -> None:
        self.copies[entity_set].read_page(size)

    @rule(how=st.sampled_from(["an hour goes by", "a week goes by", "the schema changes"]))
    def make_tokens_expire(self, how: str) -> None:
        if how == "the schema changes":
            assert self.service.post("/admin/schema-change", json={"table": "accounts"}).ok
            self.copies["accounts"].expire()
            return
        hours = 1 if how == "an hour goes by" else 8 * 24
        assert self.service.post("/admin/clock", json={"advance": hours * 3_600}).ok
        if hours > 7 * 24:
            for copy in self.copies.values():
                copy.expire()

    def teardown(self) -> None:
        """In the end a copy is the table; after a failure there is nothing more to say."""
        if self.to_check:
            return
        for name, copy in self.copies.items():
            copy.finish(2)
            assert copy.rows == self.model.rows[name]

    # What must always hold.

    @invariant()
    def the_tables_are_the_model(self) -> None:
        """Rows, and ETags: the same as before for what no acknowledged write touched, never seen otherwise."""
        if not self.to_check:
            return
        newest, touched = self.version, self.model.touched()
        for entity_set in COLUMNS:
            rows = self.service.get(f"{entity_set}?$select={self.columns(entity_set)},versionnumber").json()["value"]
            self.expect_rows(entity_set, rows, self.model.rows[entity_set].values())
            for row in rows:
                known, etag = (entity_set, row[KEY[entity_set]]), row["@odata.etag"]
                if known in touched:
                    assert etag not in self.used.setdefault(known, set()), f"{known} had the ETag {etag} before"
                    assert row["versionnumber"] > self.version, f"the version of {known} did not rise"
                    self.used[known].add(etag)
                    self.model.etags[known] = etag
                else:
                    assert etag == self.model.etags[known], f"nobody changed {known}"
                newest = max(newest, row["versionnumber"])
        self.version = newest
        self.model.looked = len(self.model.log)
        self.to_check = False

    # Help.

    def send(self, request: Request) -> requests.Response:
        return self.service.request(request.method, request.url, json=request.body, headers=request.headers)

    def resolved(self, write: Write) -> Write:
        """With the ETag that `fresh` or `stale` stands for."""
        known = (write.entity_set, str(write.id))
        if write.if_match == "fresh":
            return replace(write, if_match=self.model.etags.get(known, 'W/"1"'))
        if write.if_match == "stale":
            old = sorted(self.used.get(known, set()) - {self.model.etags.get(known, "")})
            return replace(write, if_match=old[0] if old else 'W/"1"')
        return write

    def expect(self, answer: requests.Response | Response, together: Sequence[Write], success: tuple[int, ...]) -> bool:
        """Let the model do the same writes; True when they are done."""
        self.to_check = True
        status = answer.status if isinstance(answer, Response) else answer.status_code
        try:
            self.model.together(together)
        except RefusedError as refusal:
            assert status in refusal.statuses, f"{status}, not one of {refusal.statuses}: {answer.text} {together}"
            return False
        assert status in success, f"{status}, not {success}: {answer.text} {together}"
        return True

    def expect_part(self, part: Part, answered: Response | list[Response]) -> bool:
        if isinstance(part, Write):
            assert isinstance(answered, Response)
            return self.expect(answered, [part], (204,))
        answers = [answered] if isinstance(answered, Response) else answered
        done = self.expect(max(answers, key=lambda answer: answer.status), part, (204,))
        assert len(answers) == (len(part) if done else 1)
        return done

    def expect_rows(self, entity_set: str, found: list[dict[str, Any]], expected: Any) -> None:
        key = KEY[entity_set]
        rows = sorted((shown(row, entity_set) for row in found), key=lambda row: str(row[key]))
        assert rows == sorted(expected, key=lambda row: str(row[key]))

    def columns(self, entity_set: str) -> str:
        return ",".join(COLUMNS[entity_set])

    def of_the_server(self) -> list[str]:
        return [id for name, rows in self.model.rows.items() for id in rows if id not in IDS[name]]


def shown(row: dict[str, Any], entity_set: str) -> Row:
    """The columns of a row that the model knows and that are not empty."""
    return {name: row[name] for name in COLUMNS[entity_set] if row[name] is not None}


def escaped(text: str) -> str:
    """A filter as a query option."""
    return text.replace("%", "%25").replace("&", "%26").replace("+", "%2B").replace("#", "%23")
