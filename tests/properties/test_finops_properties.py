"""Any writes against the F&O simulator, checked against a model of dictionaries after every step.

What was acknowledged is read back, page by page, and so is every answer to a create; what was refused, alone or in a
change set, leaves no trace; other companies show only when asked for; numbers of a sequence and ETags never come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.local.finops.finops_simulated import Finops, simulators
from tests.properties.finops_model import COLUMNS, NUMBER, OWN_COMPANY, PARTY, Environment, RefusedError, Write
from tests.properties.finops_requests import batch_of, request_of
from tests.properties.finops_strategies import OTHER_COMPANY, SETS, change_sets, writes
from tests.properties.properties_multipart import CONTENT_TYPE, Response, read, write
from tests.properties.properties_profile import in_time, profile

CREATED, DONE, CHANGE_SET_FAILED = 201, 204, 500


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Finops]]:
    with simulators(page_size=5) as start:
        yield start


class AnyWrites(RuleBasedStateMachine):
    """Writes one by one and in batches, and reads, in any order."""

    def __init__(self, start: Callable[[], Finops]) -> None:
        super().__init__()
        self.service = start()
        self.service.switch(customer_numbers="automatic")
        for path, row in (
            ("LegalEntities", {"LegalEntityId": OTHER_COMPANY, "Name": "Data"}),
            ("CustomerGroups", {"dataAreaId": OTHER_COMPANY, "CustomerGroupId": "10"}),
        ):
            assert self.service.post(f"/data/{path}", json=row).status_code == CREATED
        self.model = Environment()
        self.used: set[str] = set()
        self.given: set[tuple[str, ...]] = set()
        self.homes = {company: self._home(company) for company in (OWN_COMPANY, OTHER_COMPANY)}
        self.to_check = True

    # Writes.

    @rule(write=writes())
    def write_alone(self, write: Write) -> None:
        resolved = self._resolved(write)
        request = request_of(resolved)
        answer = self.service.request(request.method, request.url, json=request.body, headers=request.headers)
        self._expect(Response(answer.status_code, dict(answer.headers), answer.text), resolved)
        if answer.status_code == CREATED:
            again = self.service.get(answer.headers["Location"] + "?cross-company=true")
            assert again.json() == answer.json(), "the answer to a create is the row"
            assert again.headers["ETag"] == answer.headers["ETag"] == answer.json()["@odata.etag"]

    @rule(writes=st.lists(writes(verbs=("create",), bad=False), min_size=1, max_size=3))
    def create_a_few(self, writes: list[Write]) -> None:
        for one in writes:
            self.write_alone(one)

    @rule(parts=st.lists(writes() | change_sets(), min_size=1, max_size=4))
    def batch(self, parts: list[Write | list[Write]]) -> None:
        resolved = [self._resolved(part) if isinstance(part, Write) else [self._resolved(one) for one in part]
                    for part in parts]  # fmt: skip
        answer = self.service.post(
            "/data/$batch", data=write(batch_of(resolved)), headers={"Content-Type": CONTENT_TYPE}
        )
        assert answer.status_code == 200, answer.text
        for place, (part, answered) in enumerate(
            zip(resolved, read(answer.headers["Content-Type"], answer.content), strict=True)
        ):
            if isinstance(part, Write):
                assert isinstance(answered, Response)
                self._expect(answered, part)
            else:
                assert isinstance(answered, list), "the answers to a change set are a multipart of their own"
                self._expect_change_set(answered, part, place)

    # Reads.

    @rule(entity_set=SETS, cross_company=st.booleans(), group=st.sampled_from(["10", "20"]))
    def read_by_filter(self, entity_set: str, cross_company: bool, group: str) -> None:
        customers = entity_set == "CustomersV3"
        condition = f"CustomerGroupId eq '{group}'" if customers else "FirstName eq '*a*'"
        found = self._list(entity_set, f"$filter={condition}&$count=true", cross_company=cross_company)
        expected = [
            row
            for row in self.model.visible(entity_set, cross_company=cross_company)
            if (row["CustomerGroupId"] == group if customers else "a" in row["FirstName"].casefold())
        ]
        assert by_key(entity_set, found) == by_key(entity_set, expected)

    @rule(entity_set=SETS)
    def read_the_callers_company(self, entity_set: str) -> None:
        found = self._list(entity_set, "", cross_company=False)
        assert by_key(entity_set, found) == by_key(entity_set, self.model.visible(entity_set, cross_company=False))

    @rule(write=writes(verbs=("delete",)))
    def read_by_key(self, write: Write) -> None:
        answer = self.service.get(request_of(write).url)
        hidden = write.company != OWN_COMPANY and not write.cross_company
        if hidden or write.known not in self.model.rows:
            assert answer.status_code == 404
        else:
            assert shown(write.entity_set, answer.json()) == self.model.rows[write.known]

    # What must always hold.

    @invariant()
    def the_sets_are_the_model(self) -> None:
        if not self.to_check:
            return
        for entity_set in COLUMNS:
            found = self._list(entity_set, "", cross_company=True)
            assert by_key(entity_set, found) == by_key(entity_set, self.model.visible(entity_set, cross_company=True))
            self._check_etags(entity_set, found)
        self.model.touched.clear()
        self.to_check = False

    def _check_etags(self, entity_set: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            known, etag = (entity_set, row["dataAreaId"], row[NUMBER[entity_set]].casefold()), row["@odata.etag"]
            if known in self.model.touched:
                assert etag not in self.used, f"the ETag {etag} of {known} was there before"
                self.used.add(etag)
                self.model.etags[known] = etag
            else:
                assert etag == self.model.etags[known], f"nobody changed {known}"

    # Help.

    def _list(self, entity_set: str, options: str, *, cross_company: bool) -> list[dict[str, Any]]:
        """All rows that a list shows, links followed as received."""
        company = "&cross-company=true" if cross_company else ""
        following = f"/data/{entity_set}?$select={','.join(COLUMNS[entity_set])}{company}&{options}".rstrip("&")
        rows: list[dict[str, Any]] = []
        while following:
            answer = self.service.get(following)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            rows += page["value"]
            assert page.get("@odata.nextLink") != following
            following = page.get("@odata.nextLink", "")
        assert page.get("@odata.count", len(rows)) == len(rows)
        return rows

    def _resolved(self, write: Write) -> Write:
        """With the ETag that `fresh` or `stale` stands for; a new contact person is one of the home of its company."""
        etag = self.model.etags.get(write.known, 'W/"x"')
        named = {"fresh": etag, "stale": min(self.used - {etag}, default='W/"y"')}
        given = {}
        if write.verb == "create" and write.entity_set == "ContactPersons":
            given = {"AssociatedPartyNumber": self.homes[write.company]}
        return replace(write, if_match=named.get(write.if_match or ""), values={**write.values, **given})

    def _home(self, company: str) -> str:
        """The party of a customer that stays, for contact persons to be the contacts of."""
        values = {"OrganizationName": "Home", "CustomerGroupId": "10", "SalesCurrencyCode": "USD"}
        self.write_alone(Write("create", "CustomersV3", company, "HOME", values))
        return str(self.model.rows["CustomersV3", company, "home"]["PartyNumber"])

    def _expect(self, answer: Response, write: Write) -> None:
        """Let the model do the same write."""
        self.to_check = True
        try:
            self.model.check(write)
        except RefusedError as refusal:
            assert answer.status in refusal.statuses, f"{answer.status}: {answer.text} {write}"
            assert answer.json["error"]["message"]
            return
        self._done(answer, write)

    def _expect_change_set(self, answers: Sequence[Response], writes: Sequence[Write], place: int) -> None:
        """All of them done, or one answer for all with the Content-ID of the first (wire.md 2.5)."""
        self.to_check = True
        if not self.model.trial(writes):
            assert [(answer.status, answer.content_id) for answer in answers] == [(CHANGE_SET_FAILED, f"{place}-0")]
            assert answers[0].json["error"]["message"]
            return
        for answer, one in zip(answers, writes, strict=True):
            self._done(answer, one)

    def _done(self, answer: Response, write: Write) -> None:
        assert answer.status == (CREATED if write.verb == "create" else DONE), f"{answer.status}: {answer.text} {write}"
        if write.verb != "create":
            self.model.apply(write)
            return
        row = answer.json
        self.model.apply(write, row)
        numbers: set[tuple[str, ...]] = {("party", row[PARTY[write.entity_set]])}
        if write.number is None:
            numbers.add((write.entity_set, row["dataAreaId"], row[NUMBER[write.entity_set]]))
        assert not numbers & self.given, "a number sequence gives every number once"
        self.given |= numbers


def shown(entity_set: str, row: dict[str, Any]) -> dict[str, Any]:
    """The properties of a row that the model knows."""
    return {name: row[name] for name in COLUMNS[entity_set]}


def by_key(entity_set: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as the model knows them, by company and number."""
    return sorted(
        (shown(entity_set, row) for row in rows),
        key=lambda row: (row["dataAreaId"], row[NUMBER[entity_set]].casefold()),
    )


@in_time
def test_any_writes_are_read_back_and_what_is_refused_leaves_no_trace(fresh: Callable[[], Finops]) -> None:
    compared = 0

    class Machine(AnyWrites):
        def __init__(self) -> None:
            super().__init__(fresh)

        def teardown(self) -> None:
            nonlocal compared
            super().teardown()
            compared += 1

    run_state_machine_as_test(Machine, settings=profile(15, steps=25))
    assert compared > 0, "every example ended as the model says"
