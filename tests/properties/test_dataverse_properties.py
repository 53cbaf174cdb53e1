"""Any writes against the Dataverse simulator, checked against a model of dictionaries after every step.

What was acknowledged is read back, on every way of reading; what was refused leaves no trace in rows, versions and
changes; ETags never come back; a copy kept by change tracking alone equals the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from local.simulators.dataverse.app import create_app
from local.simulators.odata.serve import serve_in_thread
from tests.acceptance.acceptance_servers import Swapped
from tests.local.dataverse.dataverse_simulated import API, Dataverse, code
from tests.properties.dataverse_machine import Checked, Part, shown
from tests.properties.dataverse_model import COLUMNS, KEY_COLUMN, Write
from tests.properties.dataverse_requests import bulk_targets, request_of, requests_of
from tests.properties.dataverse_strategies import (
    IDS,
    NUMBERS,
    SETS,
    change_sets,
    writes,
)
from tests.properties.properties_multipart import CONTENT_TYPE, Request, Response, read, write
from tests.properties.properties_profile import in_time, profile


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Dataverse]]:
    """The function that puts an empty organisation behind one server."""
    swapped = Swapped()
    with serve_in_thread(swapped) as base, Dataverse(base) as service:

        def start() -> Dataverse:
            swapped.app = create_app(p2c_solution=True)
            return service

        yield start


class SingleWrites(Checked):
    """Creates, upserts, updates and deletes of one row, with and without conditions."""

    @rule(write=writes())
    def write_alone(self, write: Write) -> None:
        resolved = self.resolved(write)
        answer = self.send(request_of(resolved))
        self.expect(answer, [resolved], (204,))

    @rule(number=st.sampled_from(NUMBERS), job=st.none() | st.sampled_from(["a", "b"]))
    def upsert_by_alternate_key(self, number: str, job: str | None) -> None:
        """The answer never gives away the id, nor whether the row was there (wire.md 1.3)."""
        address = contact_numbered(number)
        answer = self.send(Request("PATCH", address, {"jobtitle": job, "lastname": "Keyed"}))
        found = self.service.get(f"{address}?$select=contactid")
        id = found.json()["contactid"]
        values = {"jobtitle": job, "lastname": "Keyed", KEY_COLUMN: number}
        known = self.contact_with(number)
        if self.expect(answer, [Write("upsert", "contacts", id, values)], (204,)):
            assert known in (None, id)
            assert answer.headers["OData-EntityId"] == self.service.api + address
        if known is None and len(self.of_the_server()) > 3:
            self.expect(self.send(Request("DELETE", address)), [Write("delete", "contacts", id)], (204,))

    @rule(number=st.sampled_from(NUMBERS))
    def read_by_alternate_key(self, number: str) -> None:
        answer = self.service.get(f"{contact_numbered(number)}?$select={self.columns('contacts')}")
        id = self.contact_with(number)
        if id is None:
            assert code(answer) == (404, "0x80060891")
        else:
            assert shown(answer.json(), "contacts") == self.model.rows["contacts"][id]

    @rule(one=writes(conditions=False, bad=False), delete=writes(verbs=("delete",), conditions=False))
    def change_one_row_and_delete_another(self, one: Write, delete: Write) -> None:
        self.write_alone(one)
        self.write_alone(delete)

    @rule(writes=st.lists(writes(verbs=("upsert",), conditions=False, bad=False), min_size=1, max_size=3))
    def upsert_a_few(self, writes: list[Write]) -> None:
        for one in writes:
            self.write_alone(one)

    @rule(write=writes(verbs=("create", "upsert", "update")))
    def write_and_get_the_row(self, write: Write) -> None:
        resolved = self.resolved(write)
        existed = write.id in self.model.rows[write.entity_set]
        request = request_of(resolved)
        url = f"{request.url}?$select={','.join(COLUMNS[write.entity_set])}"
        headers = {**request.headers, "Prefer": "return=representation"}
        answer = self.send(replace(request, url=url, headers=headers))
        if self.expect(answer, [resolved], (200 if existed else 201,)):
            assert shown(answer.json(), write.entity_set) == self.model.rows[write.entity_set][str(write.id)]

    @rule(write=writes(verbs=("create",), bad=False))
    def create_under_an_id_of_the_server(self, write: Write) -> None:
        answer = self.send(request_of(replace(write, id=None)))
        given = answer.headers.get("OData-EntityId", "()").partition("(")[2].rstrip(")")
        assert given not in self.model.rows[write.entity_set]
        if self.expect(answer, [replace(write, id=given)], (204,)) and len(self.of_the_server()) > 3:
            self.expect(self.send(Request("DELETE", f"{write.entity_set}({given})")),
                         [Write("delete", write.entity_set, given)], (204,))  # fmt: skip

    @rule(place=st.integers(0, len(IDS["accounts"]) - 1), value=st.none() | st.sampled_from(["a", "b"]))
    def set_one_column(self, place: int, value: str | None) -> None:
        id = IDS["accounts"][place]
        if value is None:
            answer = self.send(Request("DELETE", f"accounts({id})/description"))
        else:
            answer = self.send(Request("PUT", f"accounts({id})/description", {"value": value}))
        one = Write("update", "accounts", id, {"description": value}, if_match="*")
        if self.expect(answer, [one], (204,)) and value is not None:
            assert self.service.get(f"accounts({id})/description").json()["value"] == value

    def contact_with(self, number: str) -> str | None:
        """The id of the contact that has a number, by the model."""
        rows = self.model.rows["contacts"]
        return next((id for id, row in rows.items() if row.get(KEY_COLUMN) == number), None)


def contact_numbered(number: str) -> str:
    """The address of a contact by its alternate key: quotes doubled, then percent-encoded (wire.md 1.4)."""
    doubled = number.replace("'", "''")
    return f"contacts({KEY_COLUMN}='{quote(doubled, safe=chr(39))}')"


class ManyWrites(Checked):
    """Bulk messages and batches with change sets; some fail on purpose."""

    @rule(entity_set=SETS, data=st.data(), message=st.sampled_from(["Create", "Update", "Upsert"]))
    def bulk(self, entity_set: str, data: st.DataObject, message: str) -> None:
        verb: Any = message.lower()
        one = writes(entity_set, (verb,), conditions=False, numbers=False)
        targets: list[Write] = data.draw(st.lists(one, min_size=1, max_size=4), label="targets")
        ids = [target.id for target in targets]
        first = [target for place, target in enumerate(targets) if target.id not in ids[:place]]
        if message == "Update":  # the first of several targets for one row is applied, the others are ignored
            targets = [target if target in first else replace(target, bad={}, binds={}) for target in targets]
        url = f"{entity_set}/Microsoft.Dynamics.CRM.{message}Multiple"
        answer = self.send(Request("POST", url, {"Targets": bulk_targets(targets)}))
        if message == "Upsert" and len(first) < len(targets):
            assert 400 <= answer.status_code < 500, answer.text
            self.to_check = True
            return
        applied = first if message == "Update" else targets
        if self.expect(answer, applied, (200 if message == "Create" else 204,)) and message == "Create":
            assert answer.json()["Ids"] == ids

    @rule(parts=st.lists(writes() | change_sets(), min_size=1, max_size=5), go_on=st.booleans())
    def batch(self, parts: list[Write | list[Write]], go_on: bool) -> None:
        resolved: list[Part] = [
            self.resolved(part) if isinstance(part, Write) else [self.resolved(one) for one in part] for part in parts
        ]
        reading = f"{self.service.base}{API}accounts?$select={','.join(COLUMNS['accounts'])}"
        body = write([*requests_of(resolved, self.service.base + API), Request("GET", reading)])
        headers = {"Content-Type": CONTENT_TYPE, **({"Prefer": "odata.continue-on-error"} if go_on else {})}
        answer = self.service.post("$batch", data=body, headers=headers)
        answers = read(answer.headers["Content-Type"], answer.content)
        failed = False
        for part, answered in zip(resolved, answers, strict=False):
            failed = not self.expect_part(part, answered)
            if failed and not go_on:
                break
        stopped = failed and not go_on
        assert answer.status_code == (400 if stopped else 200)
        assert len(answers) == (resolved.index(part) + 1 if stopped else len(resolved) + 1)
        if not stopped:
            (last,) = answers[-1:]
            assert isinstance(last, Response)
            self.expect_rows("accounts", last.json["value"], self.model.rows["accounts"].values())


@in_time
@pytest.mark.parametrize("machine", [SingleWrites, ManyWrites])
def test_any_writes_are_read_back_and_what_is_refused_leaves_no_trace(
    fresh: Callable[[], Dataverse], machine: type[Checked]
) -> None:
    compared = 0

    class Machine(machine):  # type: ignore[valid-type,misc]
        def __init__(self) -> None:
            super().__init__(fresh)

        def teardown(self) -> None:
            nonlocal compared
            super().teardown()
            compared += 1

    run_state_machine_as_test(Machine, settings=profile(15, steps=30))
    assert compared > 0, "every example ended as the model says"
