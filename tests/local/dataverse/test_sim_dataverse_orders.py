"""Orders and invoices: their headers, customers and states, and how those of a contact are found (flows.md 1.15 R6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import code, guid, simulated
from tests.local.dataverse.selling import ACTIVE_QUOTE, Shop, bind

HEADERS = ("quotes", "salesorders", "invoices")
LATER = ("salesorders", "invoices")
KEYS = {"quotes": "quoteid", "salesorders": "salesorderid", "invoices": "invoiceid"}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with simulated() as session:
        yield Shop(session)


def made(shop: Shop, entity_set: str, **values: Any) -> str:
    """A header of the shop's customer, or of the one in `values`."""
    return {"quotes": shop.quote, "salesorders": shop.order, "invoices": shop.invoice}[entity_set](**values)


def of_contact(shop: Shop, contact: str) -> dict[str, Any]:
    values = shop.quote_values(**bind(customerid_contact=("contacts", contact)))
    del values["customerid_account@odata.bind"]
    return values


def state(shop: Shop, entity_set: str, row_id: str) -> tuple[int, int]:
    row = shop.sales.row(entity_set, row_id)
    return row["statecode"], row["statuscode"]


@pytest.mark.parametrize(("entity_set", "column", "prefix"), [("salesorders", "ordernumber", "ORD"),
                                                              ("invoices", "invoicenumber", "INV")])  # fmt: skip
def test_a_new_one_is_active_with_a_number_of_the_server_or_the_callers(
    shop: Shop, entity_set: str, column: str, prefix: str
) -> None:
    first, other = (shop.sales.row(entity_set, made(shop, entity_set)) for _ in range(2))
    assert (first["statecode"], first["statuscode"]) == (0, 1)
    assert re.fullmatch(prefix + r"-\d{5}-[A-Z2-7]{6}", first[column])
    assert first[column] != other[column]
    chosen = made(shop, entity_set, **{column: "S-1", KEYS[entity_set]: guid(77)})
    assert (chosen, shop.sales.row(entity_set, chosen)[column]) == (guid(77), "S-1")


def test_an_order_number_can_change_and_an_invoice_number_cannot(shop: Shop) -> None:
    order, invoice = shop.order(ordernumber="O-1"), shop.invoice(invoicenumber="I-1")
    assert shop.sales.patch(f"salesorders({order})", json={"ordernumber": "O-2"}).status_code == 204
    assert shop.sales.patch(f"invoices({invoice})", json={"invoicenumber": "I-2"}).status_code == 204
    assert shop.sales.row("salesorders", order)["ordernumber"] == "O-2"
    assert shop.sales.row("invoices", invoice)["invoicenumber"] == "I-1"


@pytest.mark.parametrize("entity_set", LATER)
@pytest.mark.parametrize(
    ("missing", "wanted"),
    [("name", "0x80040203"), ("customerid_account@odata.bind", "0x80040203"),
     ("transactioncurrencyid@odata.bind", "0x80040203"), ("pricelevelid@odata.bind", "0x80100010")],
)  # fmt: skip
def test_orders_and_invoices_need_what_quotes_need(shop: Shop, entity_set: str, missing: str, wanted: str) -> None:
    values = shop.quote_values()
    del values[missing]
    assert code(shop.sales.post(entity_set, json=values)) == (400, wanted)
    dollars = bind(transactioncurrencyid=("transactioncurrencies", shop.dollar))
    assert code(shop.sales.post(entity_set, json=shop.quote_values(**dollars))) == (400, "0x80048cf6")


@pytest.mark.parametrize("entity_set", HEADERS)
def test_the_customer_of_a_header_stands_in_a_lookup_of_its_kind_that_nobody_writes(
    shop: Shop, entity_set: str
) -> None:
    contact = shop.sales.create("contacts", lastname="Lovelace")
    header = made(shop, entity_set)
    row = shop.sales.row(entity_set, header)
    assert (row["_customerid_value"], row["_accountid_value"], row["_contactid_value"]) == (
        shop.customer, shop.customer, None,
    )  # fmt: skip
    address = f"{entity_set}({header})"
    assert shop.sales.patch(address, json=bind(contactid=("contacts", contact))).status_code == 204
    assert shop.sales.row(entity_set, header)["_contactid_value"] is None
    assert shop.sales.patch(address, json=bind(customerid_contact=("contacts", contact))).status_code == 204
    row = shop.sales.row(entity_set, header)
    assert (row["_customerid_value"], row["_accountid_value"], row["_contactid_value"]) == (contact, None, contact)


@pytest.mark.parametrize("entity_set", HEADERS)
def test_the_headers_of_some_contacts_are_found_by_attribute_in_a_list_and_by_column_one_by_one(
    shop: Shop, entity_set: str
) -> None:
    people = [shop.sales.create("contacts", lastname=f"Person {n}") for n in range(4)]
    headers = [shop.sales.create(entity_set, **of_contact(shop, person)) for person in (*people[:3], people[0])]
    wanted, key = (people[0], people[1], people[3]), KEYS[entity_set]

    def found(condition: str) -> list[tuple[str, str]]:
        query = {"$select": "_contactid_value,statecode", "$filter": condition}
        answer = shop.sales.get(entity_set, params=query)
        assert answer.status_code == 200, answer.text
        return sorted((row[key], row["_contactid_value"]) for row in answer.json()["value"])

    expected = sorted([(headers[0], people[0]), (headers[1], people[1]), (headers[3], people[0])])
    listed = ",".join(f'"{person}"' for person in wanted)
    assert found(f"Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=[{listed}])") == expected
    either = " or ".join(f"_contactid_value eq {person}" for person in wanted)
    assert found(f"({either}) and statecode eq 0") == expected


@pytest.mark.parametrize("name", ["_contactid_value", "Contactid", "nothing"])
def test_query_functions_know_attributes_and_not_the_columns_of_lookups(shop: Shop, name: str) -> None:
    condition = f"Microsoft.Dynamics.CRM.In(PropertyName='{name}',PropertyValues=['{guid(1)}'])"
    answer = shop.sales.get("salesorders", params={"$filter": condition})
    assert code(answer) == (400, "0x80041103")
    assert f"'SalesOrder' entity doesn't contain attribute with Name = '{name}'" in answer.json()["error"]["message"]


@pytest.mark.parametrize("entity_set", LATER)
def test_every_state_is_set_by_an_update_and_taken_back(shop: Shop, entity_set: str) -> None:
    header = made(shop, entity_set)
    address = f"{entity_set}({header})"
    for wanted in ((3, 100003), (2, 100001)) if entity_set == "invoices" else ((1, 3), (3, 100002), (2, 4)):
        change = dict(zip(("statecode", "statuscode"), wanted, strict=True))
        assert shop.sales.patch(address, json=change).status_code == 204
        assert state(shop, entity_set, header) == wanted
    assert shop.sales.patch(address, json={"statecode": 0}).status_code == 204
    assert state(shop, entity_set, header) == (0, 1)
    assert code(shop.sales.patch(address, json={"statecode": 2, "statuscode": 1})) == (400, "0x80048408")


@pytest.mark.parametrize("entity_set", LATER)
def test_a_create_keeps_a_status_of_active_and_no_other(shop: Shop, entity_set: str) -> None:
    assert state(shop, entity_set, made(shop, entity_set, statuscode=2)) == (0, 2)
    assert state(shop, entity_set, made(shop, entity_set, statecode=2, statuscode=100001)) == (0, 1)


@pytest.mark.parametrize("entity_set", LATER)
def test_what_is_not_active_is_read_only_until_it_is_active_again(shop: Shop, entity_set: str) -> None:
    header = made(shop, entity_set, name="Before")
    address = f"{entity_set}({header})"
    assert shop.sales.patch(address, json={"statecode": 2}).status_code == 204
    assert code(shop.sales.patch(address, json={"name": "After"})) == (400, "0x8004022e")
    assert shop.sales.patch(address, json={"statecode": 0}).status_code == 204
    assert shop.sales.patch(address, json={"name": "After"}).status_code == 204
    assert shop.sales.row(entity_set, header)["name"] == "After"


@pytest.mark.parametrize("entity_set", LATER)
def test_the_currency_is_chosen_on_create_alone(shop: Shop, entity_set: str) -> None:
    header = made(shop, entity_set)
    dollars = bind(transactioncurrencyid=("transactioncurrencies", shop.dollar))
    assert shop.sales.patch(f"{entity_set}({header})", json=dollars).status_code == 204
    assert shop.sales.row(entity_set, header)["_transactioncurrencyid_value"] == shop.euro


@pytest.mark.parametrize("entity_set", LATER)
def test_a_customer_with_orders_or_invoices_is_not_deleted(shop: Shop, entity_set: str) -> None:
    contact = shop.sales.create("contacts", lastname="Hopper")
    header = shop.sales.create(entity_set, **of_contact(shop, contact))
    assert code(shop.sales.delete(f"contacts({contact})")) == (405, "0x80040227")
    assert shop.sales.delete(f"{entity_set}({header})").status_code == 204
    assert shop.sales.delete(f"contacts({contact})").status_code == 204


def test_an_order_keeps_its_quote_and_an_invoice_its_order(shop: Shop) -> None:
    quote = shop.active_quote()
    order = shop.order(**bind(quoteid=("quotes", quote)))
    invoice = shop.invoice(**bind(salesorderid=("salesorders", order)))
    assert code(shop.sales.delete(f"salesorders({order})")) == (405, "0x80040227")
    assert code(shop.sales.delete(f"quotes({quote})")) == (405, "0x80040227")
    for address in (f"invoices({invoice})", f"salesorders({order})", f"quotes({quote})"):
        assert shop.sales.delete(address).status_code == 204


@pytest.mark.parametrize("entity_set", HEADERS)
def test_headers_are_tracked_with_their_contact_and_their_state(shop: Shop, entity_set: str) -> None:
    contact = shop.sales.create("contacts", lastname="Noether")
    columns = f"{entity_set}?$select=_contactid_value,statecode"
    delta = shop.sales.get(columns, headers={"Prefer": "odata.track-changes"}).json()["@odata.deltaLink"]
    header = shop.sales.create(entity_set, **of_contact(shop, contact))
    gone = made(shop, entity_set)
    assert shop.sales.patch(f"{entity_set}({header})", json=ACTIVE_QUOTE if entity_set == "quotes" else
                            {"statecode": 2}).status_code == 204  # fmt: skip
    assert shop.sales.delete(f"{entity_set}({gone})").status_code == 204
    changed, deleted = shop.sales.get(delta).json()["value"]
    assert (changed["_contactid_value"], changed["statecode"]) == (contact, 1 if entity_set == "quotes" else 2)
    assert (deleted["id"], deleted["reason"]) == (gone, "deleted")


@pytest.mark.parametrize("entity_set", LATER)
def test_many_are_made_in_one_request(shop: Shop, entity_set: str) -> None:
    targets = [{"@odata.type": f"Microsoft.Dynamics.CRM.{entity_set[:-1]}", **shop.quote_values(name=f"N{n}")}
               for n in range(3)]  # fmt: skip
    answer = shop.sales.post(f"{entity_set}/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": targets})
    assert answer.status_code == 200, answer.text
    assert [shop.sales.row(entity_set, one)["name"] for one in answer.json()["Ids"]] == ["N0", "N1", "N2"]


def test_the_solution_adds_what_it_has_on_orders_and_invoices() -> None:
    with simulated(p2c_solution=True) as session:
        shop = Shop(session)
        order = shop.order(msdynce_processingstatus=647390004, msdynce_misctax=2)
        invoice = shop.invoice(msdynce_invoicedate="2026-05-01")
        row = session.row("salesorders", order)
        assert (row["msdynce_processingstatus"], row["msdynce_misctax_base"]) == (647390004, 2)
        assert session.row("invoices", invoice)["msdynce_invoicedate"] == "2026-05-01"
