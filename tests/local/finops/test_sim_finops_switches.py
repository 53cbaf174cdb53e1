"""What wire.md leaves open has a switch, and each setting does what it says; rights, load, slow starts."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
import requests

from local.simulators.finops.app import create_app
from local.simulators.odata.serve import serve_in_thread
from tests.local.finops.finops_simulated import CONTOSO, Finops, contoso, told
from tests.local.finops.test_sim_finops_batch import answers, batch_body, create, post, stored

SLASHED = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='A%2F1')"
BUSY = "This request could not be processed at this time due to system experiencing high resource utilization."


def send(finops: Finops, body: bytes, **headers: str) -> requests.Response:
    kind = {"Content-Type": "multipart/mixed; boundary=batch_1"}
    return finops.post("/data/$batch", data=body, headers={**kind, **headers})


@pytest.mark.parametrize(("setting", "status"), [("accepted", 200), ("refused", 404)])
def test_an_encoded_slash_in_a_key(finops: Finops, setting: str, status: int) -> None:
    finops.create_customer(CustomerAccount="A/1")
    finops.switch(encoded_slash=setting)
    assert finops.get(SLASHED).status_code == status
    [[found]] = answers(post(finops, [("PATCH", SLASHED, {"NameAlias": "x"})]))
    assert found[0] == (204 if status == 200 else 500)


def test_a_page_holds_a_thousand_rows_or_ten_thousand(finops: Finops) -> None:
    parts = [("POST", "/data/UnitsOfMeasure", {"UnitSymbol": f"u{number}"}) for number in range(1001)]
    assert send(finops, batch_body([parts])).status_code == 200
    assert "@odata.nextLink" not in finops.get("/data/UnitsOfMeasure").json()
    finops.switch(page_rows=1000)
    page = finops.get("/data/UnitsOfMeasure").json()
    assert len(page["value"]) == 1000
    assert len(finops.get(page["@odata.nextLink"]).json()["value"]) == 1


@pytest.mark.parametrize(("prefer", "written"), [("odata.continue-on-error", ["A", "C"]), ("", ["A"])])
def test_continue_on_error_decides_where_it_is_honoured(finops: Finops, prefer: str, written: list[str]) -> None:
    finops.switch(continue_on_error="honoured")
    body = batch_body([[create("A")], [create("A")], [create("C")]])
    assert len(answers(send(finops, body, Prefer=prefer))) == len(written) + 1
    assert stored(finops) == written


def test_continue_on_error_means_nothing_where_it_is_ignored(finops: Finops) -> None:
    finops.switch(after_failed_change_set="stop")
    body = batch_body([[create("A")], [create("A")], [create("C")]])
    assert len(answers(send(finops, body, Prefer="odata.continue-on-error"))) == 2


def test_writes_outside_of_change_sets_may_be_refused_whole(finops: Finops) -> None:
    finops.switch(outside_change_sets="refused")
    assert told(post(finops, [create("A")], create("B")))
    assert stored(finops) == []
    assert len(answers(post(finops, [create("A")], ("GET", CONTOSO, None)))) == 2


@pytest.mark.parametrize(
    ("setting", "kind", "code"),
    [("json", "application/json", ""), ("code", "application/json", "ResourceBasedThrottling"),
     ("html", "text/html", None), ("empty", None, None)],
)  # fmt: skip
def test_a_429_has_any_of_four_bodies(finops: Finops, setting: str, kind: str | None, code: str | None) -> None:
    overload(finops, throttled_body=setting)
    refused = finops.get("/data/CustomersV3")
    assert (refused.status_code, (refused.headers.get("Content-Type") or "").partition(";")[0] or None) == (429, kind)
    if code is not None:
        assert refused.json() == {"error": {"code": code, "message": BUSY}}


def overload(finops: Finops, **switches: Any) -> None:
    """Write 25 rows into a service that bears 10 at once and works off 1 a second."""
    finops.switch(rows_per_second=1, **switches)
    parts = [("POST", "/data/UnitsOfMeasure", {"UnitSymbol": f"u{number}"}) for number in range(25)]
    assert send(finops, batch_body([parts])).status_code == 200


def test_too_much_load_is_told_to_wait_longer_the_more_it_is_pushed(finops: Finops) -> None:
    overload(finops)
    waits = [int(finops.create_customer().headers["Retry-After"]) for _ in range(3)]
    assert 13 <= waits[0] <= 16
    assert waits[1:] == [2 * waits[0], 4 * waits[0]]
    assert finops.rows("CustomersV3") == []
    finops.post("/admin/clock", json={"advance": waits[2]})
    assert finops.create_customer().status_code == 201


def test_a_load_that_is_worked_off_is_forgotten_and_reads_are_none(finops: Finops) -> None:
    overload(finops)
    finops.post("/admin/clock", json={"advance": 30})
    assert [finops.get("/data/UnitsOfMeasure").status_code for _ in range(3)] == [200, 200, 200]


def test_a_clock_that_is_set_back_makes_no_load(finops: Finops) -> None:
    finops.post("/admin/clock", json={"advance": 86400})
    overload(finops)
    assert finops.get("/data/UnitsOfMeasure").status_code == 429
    finops.post("/admin/clock", json={"advance": 30})
    assert finops.create_customer().status_code == 201
    finops.delete("/admin/clock")
    assert finops.get("/data/UnitsOfMeasure").status_code == 200


def test_a_429_may_leave_out_for_how_long(finops: Finops) -> None:
    overload(finops, retry_after="missing")
    refused = finops.get("/data/CustomersV3")
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, False)


@pytest.mark.parametrize(("setting", "kind"), [("json", "application/json"), ("html", "text/html"), ("empty", "")])
def test_a_401_has_any_of_three_bodies(finops: Finops, setting: str, kind: str) -> None:
    finops.switch(unauthorized_body=setting)
    refused = requests.get(finops.base + CONTOSO, timeout=30)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert refused.headers.get("Content-Type", "").partition(";")[0] == kind


def test_a_hint_of_parallelism_is_sent_when_switched_on(finops: Finops) -> None:
    assert "x-ms-dop-hint" not in finops.get("/data/Currencies").headers
    finops.switch(dop_hint=8)
    assert finops.get("/data/Currencies").headers["x-ms-dop-hint"] == "8"


def test_a_set_that_may_not_be_read_can_still_be_written_and_the_other_way_round(finops: Finops) -> None:
    finops.switch(no_read=["CustomersV3"])
    assert finops.create_customer().status_code == 201
    for path in ("/data/CustomersV3", "/data/CustomersV3/$count", CONTOSO):
        assert finops.get(path).status_code == 403
    assert finops.get("/data/Warehouses?$expand=ExternallyLocatedWarehouseCustomer").status_code == 403

    finops.switch(no_read=[], no_write=["CustomersV3"])
    assert finops.get(CONTOSO).status_code == 200
    assert finops.create_customer(CustomerAccount="C2").status_code == 403
    assert finops.patch(CONTOSO, json={"NameAlias": "x"}).status_code == 403
    assert finops.delete(CONTOSO).status_code == 403
    assert stored(finops) == ["C1"]


def test_a_read_only_spell_refuses_every_write_and_no_read(finops: Finops) -> None:
    finops.create_customer()
    finops.post("/admin/faults", json={"action": {"read_only": True}, "times": None})
    assert finops.create_customer(CustomerAccount="C2").status_code == 503
    assert finops.get(CONTOSO).status_code == 200
    [[(status, _, _)], (read, _, _)] = answers(post(finops, [create("A")], ("GET", CONTOSO, None)))
    assert (status, read) == (500, 200)
    assert stored(finops) == ["C1"]


def test_a_column_can_go_and_come_back_while_a_client_runs(finops: Finops) -> None:
    finops.create_customer()
    finops.switch(hidden_columns=["CustomersV3.NameAlias"])
    assert told(finops.get(f"{CONTOSO}?$select=NameAlias"))
    assert told(finops.get("/data/CustomersV3?$filter=NameAlias eq 'x'"))
    assert told(finops.get("/data/CustomersV3?$orderby=NameAlias"))
    assert told(finops.patch(CONTOSO, json={"NameAlias": "x"}))
    assert "NameAlias" not in finops.get(CONTOSO).json()
    customer = (
        finops.get("/data/$metadata").text.partition('EntityType Name="CustomerV3"')[2].partition("</EntityType>")
    )
    assert 'Name="NameAlias"' not in customer[0]

    finops.switch(hidden_columns=[])
    assert finops.get(CONTOSO).json()["NameAlias"] == "Contoso"
    assert 'Name="NameAlias"' in finops.get("/data/$metadata").text


@pytest.mark.parametrize(("setting", "letter"), [("as listed", "S"), ("lower first", "s")])
def test_the_types_of_enums_are_spelt_as_the_metadata_spell_them(finops: Finops, setting: str, letter: str) -> None:
    finops.create_customer()
    finops.switch(enum_type_names=setting)
    person = {"AssociatedContactNumber": "C1", "AssociatedContactType": "Customer", "LastName": "Doe"}
    made = finops.post("/data/CDSContactPersonsV2", json={**person, "ContactPersonPartyNumber": "P1"})
    assert made.status_code == 201

    right, wrong = (f"Microsoft.Dynamics.DataEntities.{one}mmContactPersonCdsAssociatedContactType'Customer'"
                    for one in (letter, letter.swapcase()))  # fmt: skip
    assert right.partition("'")[0] in finops.get("/data/$metadata").text
    assert wrong.partition("'")[0] not in finops.get("/data/$metadata").text
    key = "dataAreaId='usmf',ContactPersonPartyNumber='P1',AssociatedContactNumber='C1',AssociatedContactType="
    assert finops.get(f"/data/CDSContactPersonsV2({key}{right})").json()["LastName"] == "Doe"
    assert finops.get(f"/data/CDSContactPersonsV2({key}{wrong})").status_code == 400
    assert right in unquote(made.headers["Location"])
    found = finops.get(f"/data/CDSContactPersonsV2?$filter=AssociatedContactType eq {right}")
    assert [row["LastName"] for row in found.json()["value"]] == ["Doe"]
    assert finops.get(f"/data/CDSContactPersonsV2?$filter=AssociatedContactType eq {wrong}").status_code == 400


def test_keys_and_unknown_columns_cannot_be_hidden(finops: Finops) -> None:
    for wrong in ("CustomersV3.CustomerAccount", "CustomersV3.Nothing", "NameAlias"):
        assert finops.post("/admin/switches", json={"hidden_columns": [wrong]}).status_code == 400


def test_only_the_first_request_after_a_start_is_slow() -> None:
    with serve_in_thread(create_app()) as base, Finops(base) as finops:
        finops.switch(slow_start_seconds=1)
        with pytest.raises(requests.ReadTimeout):
            finops.get("/data/Currencies", timeout=0.2)
        assert finops.get("/data/Currencies").status_code == 200
        finops.switch(slow_start_seconds=0)
        assert finops.post("/admin/restart").ok
        finops.switch(slow_start_seconds=1)
        with pytest.raises(requests.ReadTimeout):
            finops.get("/data/Currencies", timeout=0.2)


def test_a_content_id_stands_for_the_row_that_its_operation_made(finops: Finops) -> None:
    made, changed = answers(post(finops, [create("O'B/1"), ("PATCH", "$1", {"NameAlias": "again"})]))[0]
    assert (made[0], changed[0]) == (201, 204)
    assert finops.rows("CustomersV3")[0]["NameAlias"] == "again"


@pytest.mark.parametrize("url", ["$2", "$9", "$"])
def test_a_content_id_before_its_operation_stands_for_nothing(finops: Finops, url: str) -> None:
    [[(_, _, document)]] = answers(post(finops, [("PATCH", url, {"NameAlias": "x"}), create("A")]))
    assert document["error"]["innererror"]["message"] == (
        f"Content-ID Reference: '{url}' does not exist in the batch context."
    )
    assert stored(finops) == []


def test_a_gateway_may_answer_with_a_page(finops: Finops) -> None:
    finops.post("/admin/faults", json={"action": {"status": 502, "html": True}})
    refused = finops.post("/data/CustomersV3", json=contoso())
    assert (refused.status_code, refused.headers["Content-Type"].partition(";")[0]) == (502, "text/html")
