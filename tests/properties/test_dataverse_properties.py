"""Any writes against the Dataverse simulator, checked against a model of dictionaries after every step.

What was acknowledged is read back, on every way of reading; what was refused leaves no trace in rows, versions and
changes; ETags never come back; a copy kept by change tracking alone equals the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import requests
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from local.simulators.dataverse.app import create_app
from local.simulators.odata.serve import serve_in_thread
from tests.acceptance.acceptance_servers import Swapped
from tests.local.dataverse.dataverse_simulated import API, Dataverse, code
from tests.properties.dataverse_copy import Copy
from tests.properties.dataverse_model import COLUMNS, KEY, Known, Organisation, RefusedError, Row, Write
from tests.properties.dataverse_requests import bulk_targets, request_of, requests_of
from tests.properties.dataverse_strategies import (
    IDS,
    MISSING_ID,
    SETS,
    Condition,
    change_sets,
    conditions,
    writes,
)
from tests.properties.properties_multipart import CONTENT_TYPE, Request, Response, read, write
from tests.properties.properties_profile import in_time, profile

SIZES = st.sampled_from([1, 2, 3, 5000])
ORDERS = st.sampled_from(["", "&$orderby=accountid desc", "&$orderby=name,accountid", "&$orderby=numberofemployees"])
type Answered = requests.Response | Response
type Part = Write | Sequence[Write]


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Dataverse]]:
    """The function that puts an empty organisation behind one server."""
    swapped = Swapped()
    with serve_in_thread(swapped) as base, Dataverse(base) as service:

        def start() -> Dataverse:
            swapped.app = create_app()
            return service

        yield start


class AnyWrites(RuleBasedStateMachine):
    """Writes, reads and a copy, in any order."""

    def __init__(self, start: Callable[[], Dataverse]) -> None:
        super().__init__()
        self.service = start()
        self.model = Organisation()
        self.used: dict[Known, set[str]] = {}
        self.version = 0
        self.copies = {name: Copy(self.service, name, self.model.log) for name in COLUMNS}
        self.to_check = True

    # Writes.

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

    @rule(write=writes())
    def write_alone(self, write: Write) -> None:
        resolved = self._resolved(write)
        answer = self._send(request_of(resolved))
        self._expect(answer, [resolved], (204,))

    @rule(write=writes(verbs=("create", "upsert", "update")))
    def write_and_get_the_row(self, write: Write) -> None:
        resolved = self._resolved(write)
        existed = write.id in self.model.rows[write.entity_set]
        request = request_of(resolved)
        url = f"{request.url}?$select={','.join(COLUMNS[write.entity_set])}"
        headers = {**request.headers, "Prefer": "return=representation"}
        answer = self._send(replace(request, url=url, headers=headers))
        if self._expect(answer, [resolved], (200 if existed else 201,)):
            assert shown(answer.json(), write.entity_set) == self.model.rows[write.entity_set][str(write.id)]

    @rule(write=writes(verbs=("create",), bad=False))
    def create_under_an_id_of_the_server(self, write: Write) -> None:
        answer = self._send(request_of(replace(write, id=None)))
        given = answer.headers.get("OData-EntityId", "()").partition("(")[2].rstrip(")")
        assert given not in self.model.rows[write.entity_set]
        if self._expect(answer, [replace(write, id=given)], (204,)) and len(self._extra()) > 3:
            self._expect(self._send(Request("DELETE", f"{write.entity_set}({given})")),
                         [Write("delete", write.entity_set, given)], (204,))  # fmt: skip

    @rule(place=st.integers(0, len(IDS["accounts"]) - 1), value=st.none() | st.sampled_from(["a", "b"]))
    def set_one_column(self, place: int, value: str | None) -> None:
        id = IDS["accounts"][place]
        if value is None:
            answer = self._send(Request("DELETE", f"accounts({id})/description"))
        else:
            answer = self._send(Request("PUT", f"accounts({id})/description", {"value": value}))
        one = Write("update", "accounts", id, {"description": value}, if_match="*")
        if self._expect(answer, [one], (204,)) and value is not None:
            assert self.service.get(f"accounts({id})/description").json()["value"] == value

    @rule(entity_set=SETS, data=st.data(), message=st.sampled_from(["Create", "Update", "Upsert"]))
    def bulk(self, entity_set: str, data: st.DataObject, message: str) -> None:
        verb: Any = message.lower()
        one = writes(entity_set, (verb,), conditions=False)
        targets: list[Write] = data.draw(st.lists(one, min_size=1, max_size=4), label="targets")
        ids = [target.id for target in targets]
        first = [target for place, target in enumerate(targets) if target.id not in ids[:place]]
        if message == "Update":  # the first of several targets for one row is applied, the others are ignored
            targets = [target if target in first else replace(target, bad={}, binds={}) for target in targets]
        url = f"{entity_set}/Microsoft.Dynamics.CRM.{message}Multiple"
        answer = self._send(Request("POST", url, {"Targets": bulk_targets(targets)}))
        if message == "Upsert" and len(first) < len(targets):
            assert 400 <= answer.status_code < 500, answer.text
            self.to_check = True
            return
        applied = first if message == "Update" else targets
        if self._expect(answer, applied, (200 if message == "Create" else 204,)) and message == "Create":
            assert answer.json()["Ids"] == ids

    @rule(parts=st.lists(writes() | change_sets(), min_size=1, max_size=5), go_on=st.booleans())
    def batch(self, parts: list[Write | list[Write]], go_on: bool) -> None:
        resolved: list[Part] = [
            self._resolved(part) if isinstance(part, Write) else [self._resolved(one) for one in part] for part in parts
        ]
        reading = f"{self.service.base}{API}accounts?$select={','.join(COLUMNS['accounts'])}"
        body = write([*requests_of(resolved, self.service.base + API), Request("GET", reading)])
        headers = {"Content-Type": CONTENT_TYPE, **({"Prefer": "odata.continue-on-error"} if go_on else {})}
        answer = self.service.post("$batch", data=body, headers=headers)
        answers = read(answer.headers["Content-Type"], answer.content)
        failed = False
        for part, answered in zip(resolved, answers, strict=False):
            failed = not self._expect_part(part, answered)
            if failed and not go_on:
                break
        stopped = failed and not go_on
        assert answer.status_code == (400 if stopped else 200)
        assert len(answers) == (resolved.index(part) + 1 if stopped else len(resolved) + 1)
        if not stopped:
            (last,) = answers[-1:]
            assert isinstance(last, Response)
            self._expect_rows("accounts", last.json["value"], self.model.rows["accounts"].values())

    # Reads.

    @rule(entity_set=SETS, size=SIZES)
    def read_every_page(self, entity_set: str, size: int) -> None:
        pages = self.service.pages(f"{entity_set}?$select={self._columns(entity_set)}", f"odata.maxpagesize={size}")
        assert all(len(page["value"]) == size for page in pages[:-1])
        rows = [row for page in pages for row in page["value"]]
        self._expect_rows(entity_set, rows, self.model.rows[entity_set].values())

    @rule(condition=conditions(), size=SIZES, order=ORDERS)
    def read_by_filter(self, condition: Condition, size: int, order: str) -> None:
        url = f"accounts?$select={self._columns('accounts')}&$filter={escaped(condition.text)}{order}"
        pages = self.service.pages(url, f"odata.maxpagesize={size}")
        expected = [row for row in self.model.rows["accounts"].values() if condition.test(row)]
        self._expect_rows("accounts", [row for page in pages for row in page["value"]], expected)
        if not order:
            counted = self.service.get(f"accounts/$count?$filter={escaped(condition.text)}")
            assert counted.text.lstrip("\ufeff") == str(len(expected))

    @rule(entity_set=SETS, place=st.integers(0, len(IDS["accounts"])))
    def read_by_id(self, entity_set: str, place: int) -> None:
        id = [*IDS[entity_set], MISSING_ID][place]
        answer = self.service.get(f"{entity_set}({id})?$select={self._columns(entity_set)}")
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

    @rule(days=st.sampled_from([1, 8]))
    def let_days_go_by(self, days: int) -> None:
        assert self.service.post("/admin/clock", json={"advance": days * 86_400}).ok
        if days > 7:
            for copy in self.copies.values():
                copy.expire()

    @rule(entity_set=SETS)
    def change_the_schema(self, entity_set: str) -> None:
        assert self.service.post("/admin/schema-change", json={"table": entity_set}).ok
        self.copies[entity_set].expire()

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
            rows = self.service.get(f"{entity_set}?$select={self._columns(entity_set)},versionnumber").json()["value"]
            self._expect_rows(entity_set, rows, self.model.rows[entity_set].values())
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

    def _send(self, request: Request) -> requests.Response:
        return self.service.request(request.method, request.url, json=request.body, headers=request.headers)

    def _resolved(self, write: Write) -> Write:
        """With the ETag that `fresh` or `stale` stands for."""
        known = (write.entity_set, str(write.id))
        if write.if_match == "fresh":
            return replace(write, if_match=self.model.etags.get(known, 'W/"1"'))
        if write.if_match == "stale":
            old = sorted(self.used.get(known, set()) - {self.model.etags.get(known, "")})
            return replace(write, if_match=old[0] if old else 'W/"1"')
        return write

    def _expect(
        self, answer: requests.Response | Response, together: Sequence[Write], success: tuple[int, ...]
    ) -> bool:
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

    def _expect_part(self, part: Part, answered: Response | list[Response]) -> bool:
        if isinstance(part, Write):
            assert isinstance(answered, Response)
            return self._expect(answered, [part], (204,))
        answers = [answered] if isinstance(answered, Response) else answered
        done = self._expect(max(answers, key=lambda answer: answer.status), part, (204,))
        assert len(answers) == (len(part) if done else 1)
        return done

    def _expect_rows(self, entity_set: str, found: list[dict[str, Any]], expected: Any) -> None:
        key = KEY[entity_set]
        rows = sorted((shown(row, entity_set) for row in found), key=lambda row: str(row[key]))
        assert rows == sorted(expected, key=lambda row: str(row[key]))

    def _columns(self, entity_set: str) -> str:
        return ",".join(COLUMNS[entity_set])

    def _extra(self) -> list[str]:
        return [id for name, rows in self.model.rows.items() for id in rows if id not in IDS[name]]


def shown(row: dict[str, Any], entity_set: str) -> Row:
    """The columns of a row that the model knows and that are not empty."""
    return {name: row[name] for name in COLUMNS[entity_set] if row[name] is not None}


def escaped(text: str) -> str:
    """A filter as a query option."""
    return text.replace("%", "%25").replace("&", "%26").replace("+", "%2B").replace("#", "%23")


@in_time
def test_any_writes_are_read_back_and_what_is_refused_leaves_no_trace(fresh: Callable[[], Dataverse]) -> None:
    class Machine(AnyWrites):
        def __init__(self) -> None:
            super().__init__(fresh)

    run_state_machine_as_test(Machine, settings=profile(40, steps=30))
