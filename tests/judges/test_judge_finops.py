"""d365fo-client, a client of the community for Finance & Operations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from d365fo_client.exceptions import EntityError
from d365fo_client.models import QueryOptions

from tests.judges.judges_world import FinopsClient
from tests.local.finops.finops_simulated import contoso

CUSTOMERS = "CustomersV3"


def key(number: str, company: str = "usmf") -> dict[str, str]:
    return {"dataAreaId": company, "CustomerAccount": number}


def customer(number: str, company: str = "usmf", **values: Any) -> dict[str, Any]:
    return contoso(CustomerAccount=number, dataAreaId=company, **values)


def told(problem: pytest.ExceptionInfo[EntityError]) -> tuple[int, dict[str, Any]]:
    """Status and error of a refusal, out of the client's text."""
    head, _, body = str(problem.value).partition(" - ")
    return int(head.rpartition(" ")[2]), json.loads(body)["error"]


def test_a_row_is_created_read_updated_and_deleted(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        made = await crud.create_entity(CUSTOMERS, customer("C1"))
        assert (made["CustomerAccount"], made["dataAreaId"], made["OrganizationName"]) == ("C1", "usmf", "Contoso")
        assert await crud.update_entity(CUSTOMERS, key("C1"), {"OrganizationName": "New"}) == {"success": True}
        read = await crud.get_entity(CUSTOMERS, key("C1"))
        assert read["OrganizationName"] == "New"
        assert {name for name in made if not name.startswith("@")} == {
            name for name in read if not name.startswith("@")
        }
        assert read["@odata.etag"] != made["@odata.etag"]
        assert finops.plain.rows(CUSTOMERS)[0]["OrganizationName"] == "New"
        assert await crud.delete_entity(CUSTOMERS, key("C1"))

    finops.run(story)
    assert finops.plain.rows(CUSTOMERS) == []


def test_a_key_is_written_as_it_is(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        await crud.create_entity(CUSTOMERS, customer("A B-1 ä"))
        assert (await crud.get_entity(CUSTOMERS, key("A B-1 ä")))["CustomerAccount"] == "A B-1 ä"

    finops.run(story)


def test_an_enum_is_a_name_and_an_empty_text_is_empty(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        made = await crud.create_entity(CUSTOMERS, customer("C1"))
        assert (made["OnHoldStatus"], made["PaymentMethod"]) == ("No", "")

    finops.run(story)


def test_rows_are_filtered_chosen_ordered_and_counted(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        for number in ("C1", "C2", "C3", "D1"):
            await crud.create_entity(CUSTOMERS, customer(number, OrganizationName=f"Name {number}"))
        wanted = QueryOptions(
            filter="dataAreaId eq 'usmf' and CustomerAccount eq 'C*'",
            select=["CustomerAccount"], orderby=["CustomerAccount desc"], top=2, count=True,
        )  # fmt: skip
        found = await crud.get_entities(CUSTOMERS, wanted)
        assert [row["CustomerAccount"] for row in found["value"]] == ["C3", "C2"]
        assert set(found["value"][0]) == {"@odata.etag", "CustomerAccount"}
        assert found["@odata.count"] == 3
        skipped = QueryOptions(select=["CustomerAccount"], orderby=["CustomerAccount"], skip=3)
        assert [row["CustomerAccount"] for row in (await crud.get_entities(CUSTOMERS, skipped))["value"]] == ["D1"]

    finops.run(story)


def test_an_enum_is_filtered_by_its_full_name(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        await crud.create_entity(CUSTOMERS, customer("C1", OnHoldStatus="Never"))
        for member, number in (("Never", 1), ("No", 0)):
            literal = f"OnHoldStatus eq Microsoft.Dynamics.DataEntities.CustVendorBlocked'{member}'"
            assert len((await crud.get_entities(CUSTOMERS, QueryOptions(filter=literal)))["value"]) == number

    finops.run(story)


@pytest.mark.parametrize("wrong", ["CustomerAccount in ('C1','C2')", "customeraccount eq 'C1'", "CustomerAccount eq"])
def test_a_filter_that_is_not_supported_is_refused(finops: FinopsClient, wrong: str) -> None:
    async def story(crud: Any) -> None:
        with pytest.raises(EntityError) as problem:
            await crud.get_entities(CUSTOMERS, QueryOptions(filter=wrong))
        assert told(problem)[0] == 400

    finops.run(story)


def test_other_companies_are_read_across_companies_only(finops: FinopsClient) -> None:
    for name, row in (
        ("LegalEntities", {"LegalEntityId": "dat", "Name": "Initial company"}),
        ("CustomerGroups", {"CustomerGroupId": "10", "dataAreaId": "dat"}),
    ):
        assert finops.plain.post(f"/data/{name}", json=row).status_code == 201

    async def story(crud: Any) -> None:
        await crud.create_entity(CUSTOMERS, customer("C1"))
        await crud.create_entity(CUSTOMERS, customer("X1", "dat"))
        own = await crud.get_entities(CUSTOMERS)
        assert [row["CustomerAccount"] for row in own["value"]] == ["C1"]
        other = await crud.get_entities(CUSTOMERS, QueryOptions(filter="dataAreaId eq 'dat'"))
        assert [row["CustomerAccount"] for row in other["value"]] == ["X1"]
        assert (await crud.get_entity(CUSTOMERS, key("X1", "dat")))["dataAreaId"] == "dat"

    finops.run(story)
    hidden = "/data/CustomersV3(dataAreaId='dat',CustomerAccount='X1')"
    assert finops.plain.get(hidden).status_code == 404


def test_a_next_link_is_handed_out_and_not_followed(finops: FinopsClient) -> None:
    async def story(crud: Any) -> dict[str, Any]:
        for place in range(5):
            await crud.create_entity(CUSTOMERS, customer(f"C{place}"))
        found: dict[str, Any] = await crud.get_entities(CUSTOMERS, QueryOptions(select=["CustomerAccount"]))
        return found

    page = finops.run(story)
    seen = []
    for _ in range(4):
        seen.append([row["CustomerAccount"] for row in page["value"]])
        if "@odata.nextLink" not in page:
            break
        page = finops.plain.get(page["@odata.nextLink"]).json()
    assert seen == [["C0", "C1"], ["C2", "C3"], ["C4"]]


def test_a_missing_row_is_not_found_and_never_made(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        for call, *given in (
            (crud.get_entity, CUSTOMERS, key("C9")),
            (crud.update_entity, CUSTOMERS, key("C9"), {"OrganizationName": "Ghost"}),
            (crud.delete_entity, CUSTOMERS, key("C9")),
            (crud.get_entities, "customersV3"),
        ):
            with pytest.raises(EntityError) as problem:
                await call(*given)
            assert told(problem)[0] == 404

    finops.run(story)
    assert finops.plain.rows(CUSTOMERS) == []


def test_half_a_key_is_refused(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        await crud.create_entity(CUSTOMERS, customer("C1"))
        for wrong in ({"CustomerAccount": "C1"}, {"dataAreaId": "usmf"}):
            with pytest.raises(EntityError) as problem:
                await crud.get_entity(CUSTOMERS, wrong)
            assert told(problem)[0] == 400

    finops.run(story)


def test_what_is_wrong_is_told_in_the_infolog(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        await crud.create_entity(CUSTOMERS, customer("C1"))
        for values, text in (
            (customer("C1"), "The record already exists"),
            (customer("C2", CustomerGroupId="Local"), "is not found in the related table"),
        ):
            with pytest.raises(EntityError) as problem:
                await crud.create_entity(CUSTOMERS, values)
            status, error = told(problem)
            assert (status, error["code"], error["message"]) == (400, "", "An error has occurred.")
            assert text in error["innererror"]["message"]
            assert error["innererror"]["message"].startswith(
                "Write failed for table row of type 'CustCustomerV3Entity'"
            )
        with pytest.raises(EntityError) as problem:
            await crud.create_entity(CUSTOMERS, customer("C3", NoSuchColumn="x"))
        assert told(problem)[0] == 400

    finops.run(story)
    assert [row["CustomerAccount"] for row in finops.plain.rows(CUSTOMERS)] == ["C1"]


def test_a_throttled_client_is_told(finops: FinopsClient) -> None:
    wanted = {"match": {"path": "CustomersV3"}, "times": 1, "action": {"status": 429, "retry_after": 4}}
    assert finops.plain.post("/admin/faults", json=wanted).ok

    async def story(crud: Any) -> None:
        with pytest.raises(EntityError) as problem:
            await crud.get_entities(CUSTOMERS)
        assert str(problem.value).startswith("GET CustomersV3 failed: 429")
        assert (await crud.get_entities(CUSTOMERS))["value"] == []

    finops.run(story)


def test_an_answer_can_be_traced(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        with pytest.raises(EntityError) as problem:
            await crud.get_entity(CUSTOMERS, key("C9"))
        assert problem.value.activity_id
        assert problem.value.request_id
        assert problem.value.server_timing_ms is not None

    finops.run(story)


def test_an_action_that_is_not_there_is_refused(finops: FinopsClient) -> None:
    async def story(crud: Any) -> None:
        with pytest.raises(Exception, match="failed: 404"):
            await crud.call_action("GetExecutionSummaryStatus", {"executionId": "x"}, "DataManagementDefinitionGroups")

    finops.run(story)
