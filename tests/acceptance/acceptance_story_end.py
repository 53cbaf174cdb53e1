"""How the story ends by what the specification says, so that no order of flows is right because all are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.acceptance.acceptance_story import Story
from tests.acceptance.acceptance_trade import CONTACTS


def expect_the_last_chapter(story: Story, end: Mapping[str, Any]) -> None:
    """What the specification says about it, so that no order is right because all are wrong."""
    other = "demf" if story.variant.companies == 2 else "usmf"
    customers = {(row["dataAreaId"], row["CustomerAccount"]): row for row in end["CustomersV3"]}
    persons = {row["ContactPersonId"]: row for row in end["ContactPersons"]}
    products = {row["productnumber"]: row for row in end["products"]}
    branch = (other, "C1" if other == "demf" else "C9")
    firms = {("usmf", f"C{number}") for number in range(1, 6)}
    assert customers.keys() == {*firms, branch, ("usmf", "E-Davis"), ("usmf", "E-Evans")}
    assert customers["usmf", "C3"]["OrganizationName"] == "Northwind Again"
    primary = {number: row["ContactPersonId"] for (_, number), row in customers.items() if row["ContactPersonId"]}
    assert primary == {"C3": "E-Brown", "C4": "E-Clark"}
    assert persons.keys() == {f"E-{name}" for name in story.contacts if name != "Davis"}
    brown = "usmf C3" if story.variant.moves else "usmf C2"
    of = {number: row["AssociatedPartyNumber"] for number, row in persons.items()}
    assert of == {
        "E-Adams": "usmf C1", "E-Brown": brown, "E-Clark": "usmf C4", "E-Evans": "usmf C3",
        "E-Frank": " ".join(branch), "E-Green": "usmf C1", "E-Hills": "usmf C5",
    }  # fmt: skip
    assert persons["E-Evans"]["ContactPersonPartyNumber"] == customers["usmf", "E-Evans"]["PartyNumber"]
    assert (persons["E-Green"]["IsInactive"], persons["E-Green"]["EmploymentProfession"]) == ("No", "Returner")
    assert {number: (row["name"], float(row["price"]), row["statecode"]) for number, row in products.items()} == {
        "P1": ("Renamed", 11, 0), "P2": ("Product P2", 12, 0), "P3": ("Sold again", 10, 0),
        "P4": ("Back again", 13, 0), "P5": ("Product P5", 95, 0), "P6": ("Product P6", 6, 0),
        "P7": ("Product P7", 10, 0), "P9": ("Product P9", 10, 0),
    }  # fmt: skip
    prices = {(row["_productid_value"], row["_pricelevelid_value"], row["_uomid_value"], float(row["amount"]))
              for row in end["productpricelevels"]}  # fmt: skip
    assert prices == {
        ("P1", "Standard", "ea", 11), ("P2", "Euro", "ea", 12), ("P3", "Standard", "ea", 10),
        ("P4", "Standard", "ea", 13), ("P5", "Standard", "ea", 10), ("P5", "Standard", "box", 95),
        ("P6", "Standard", "kg", 6), ("P7", "Standard", "ea", 10), ("P9", "Standard", "ea", 10),
    }  # fmt: skip
    expect_the_last_quotations(end, branch)
    moved = [] if story.variant.moves else [[CONTACTS, "Brown", "contact-moved"]]
    assert end["issues"] == moved


def expect_the_last_quotations(end: Mapping[str, Any], branch: tuple[str, str]) -> None:
    """Whose they are, and their lines by number: numbers stay through revisions, new ones go on above the highest."""
    headers = {row["SalesQuotationNumber"]: row for row in end["CDSSalesQuotationHeaders"]}
    lines: dict[str, dict[int, tuple[str, float, str]]] = {number: {} for number in headers}
    for row in end["CDSSalesQuotationLines"]:
        said = row["ProductNumber"], float(row["RequestedSalesQuantity"]), row["SalesUnitSymbol"]
        lines[row["SalesQuotationNumber"]][int(row["LineCreationSequenceNumber"])] = said
    of = {number: (row["dataAreaId"], row["RequestingCustomerAccountNumber"]) for number, row in headers.items()}
    assert of == {
        "Q-1": ("usmf", "C1"), "Q-2": ("usmf", "C2"), "Q-3": ("usmf", "C4"), "Q-4": ("usmf", "C1"),
        "Q-5": ("usmf", "C1"), "Q-6": ("usmf", "C2"), "Q-7": ("usmf", "C3"), "Q-8": branch, "Q-9": ("usmf", "C5"),
        "B-Davis": ("usmf", "E-Davis"), "B-Evans": ("usmf", "E-Evans"),
    }  # fmt: skip
    assert lines == {
        "Q-1": {1: ("P1", 20, "ea"), 3: ("P1", 3, "ea"), 10: ("P3", 3, "ea"), 11: ("P2", 2, "ea"), 12: ("P5", 2, "ea")},
        "Q-2": {1: ("P5", 3, "ea")}, "Q-3": {1: ("P1", 1, "ea")}, "Q-4": {2: ("P9", 7, "ea"), 3: ("P3", 1, "ea")},
        "Q-5": {1: ("P1", 5, "ea")}, "Q-6": {}, "Q-7": {1: ("P5", 6, "box")}, "Q-8": {1: ("P1", 80, "box")},
        "Q-9": {1: ("P7", 9, "ea")}, "B-Davis": {1: ("P1", 1, "ea"), 2: ("P5", 2, "box")},
        "B-Evans": {1: ("P9", 4, "ea")},
    }  # fmt: skip
    assert headers["Q-7"]["SalesQuotationName"] == "Renamed"
