"""Contacts and products as real organisations have them: those that end with a reason or a warning, one of each.

What the flows do with them is in the expected outcomes of flows.md 2.5, 4.6 and 5.3, which the
comments name.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from local.data.folder import Row

FINOPS_ONLY = {"SEK": "Swedish Krona"}
"""Currencies that F&O has and Sales lacks."""
PRICELESS = "CHF"
"""The currency of which Sales has one price list, which is over."""
STOPPED = "X-STOP"
"""A product that F&O does not sell any more."""
FINOPS_UNITS = {"pal": "Pallet"}
"""Units that F&O sells in and Sales lacks, with their descriptions."""
BUYERS = {
    "buys without account": ("1", "3"),
    "bought": ("2", "4"),
    "buys without currency": ("1", "2"),
    "asks": ("0", "1"),
    "did not buy": ("3", "5"),
}
"""Contacts who are the customer of a quote: its state and status. The last two are no customers by it (1.15 R6)."""
PRIMARY = {"emoji": "no account", "right to left": "inactive"}
"""Accounts whose primary contact never comes to F&O, which keeps them back from nothing (flows.md 3.4)."""


def odd_contacts(namespace: uuid.UUID, seed: int, account: Row, troubled: Mapping[str, str]) -> dict[str, Row]:
    """Contacts by what is the matter with them: of this account, or of those in `troubled`, ids by the same."""

    people: dict[str, Row] = {
        "no account": {"firstname": "Noa", "lastname": "Loner", "parentcustomerid": ""},  # CE1
        "of a contact": {
            "firstname": "Paul",
            "lastname": "Parented",
            "parentcustomerid": odd_contact(namespace, seed, "no account"),
        },  # CE1
        "account without number": {"lastname": "Waits", "parentcustomerid": troubled["no number"]},  # CE3
        "account that is closed": {"lastname": "Stays", "parentcustomerid": troubled["inactive"]},  # CE2
        "no first name": {"firstname": "", "lastname": "Cher"},  # CE6
        "long last name": {"lastname": "Wolfeschlegelsteinhausenbergerdorff-Hubertson"},  # CE7
        "many names": {"middlename": "Diego José Francisco de Paula Juan Nepomuceno", "lastname": "Ruiz y Picasso"},
        "inactive": {"lastname": "Retired", "statecode": "1"},  # CE11
        "mobile alone": {"telephone1": "", "mobilephone": "+31 6 5550 1234"},  # CE13
        "one number": {"employeeid": "D-1", "lastname": "Double"},  # CE15
        "the same number": {"employeeid": "d-1", "lastname": "Double-Entry"},
        "no number": {"employeeid": "", "lastname": "Numberless"},  # CE5
        "unsafe number": {"employeeid": "R&D/7", "lastname": "Researcher"},
        "emoji": {"firstname": "Zoë 🚀", "lastname": "Übermeyer"},
        "right to left": {"firstname": "ليلى", "lastname": "الحداد"},
        "unknown country": {
            "lastname": "Diver",
            "address1_line1": "1 Coral Street",
            "address1_city": "Deep",
            "address1_country": "Atlantis",
        },
        "long job": {"jobtitle": "Deputy head of " + "very " * 13 + "special tasks"},
        "buys without account": {"lastname": "Walk-In", "parentcustomerid": ""},  # KE3
        "bought": {"lastname": "Winner"},  # CE9
        "buys without currency": {"lastname": "Barter", "transactioncurrencyid.isocurrencycode": ""},  # KE6
        "asks": {"lastname": "Asker"},
        "did not buy": {"lastname": "Loser"},
    }
    usual = {
        "firstname": "Robin",
        "lastname": "Odd",
        "telephone1": "+31 10 555 0100",
        "parentcustomerid": account["accountid"],
        "transactioncurrencyid.isocurrencycode": account["transactioncurrencyid.isocurrencycode"],
        "statecode": "0",
    }
    return {
        what: {"contactid": odd_contact(namespace, seed, what), "employeeid": f"ODD-{number}", **usual, **row}
        for number, (what, row) in enumerate(people.items())
    }


def odd_contact(namespace: uuid.UUID, seed: int, what: str) -> str:
    """The id of the contact with this matter."""
    return str(uuid.uuid5(namespace, f"{seed}/odd contact/{what}"))


def odd_products(company: str) -> list[Row]:
    """Products that F&O sells, each with something that Sales has to cope with."""
    goods: dict[str, Row] = {
        "X-FREE": {"ProductName": "Sample without a price", "SalesPrice": "0"},  # PE11
        "X/1 'A' & B": {"ProductName": "Product whose number has signs in it"},  # PE5
        "X-LONG": {"ProductName": "Product " + "long " * 10},  # as long as F&O lets a name be
        "X-NONAME": {"ProductName": ""},
        "X-UNIT": {"ProductName": "Sold by the pallet", "SalesUnitSymbol": next(iter(FINOPS_UNITS))},  # PE3
        "X-NOUNIT": {"ProductName": "Sold by no unit", "SalesUnitSymbol": ""},  # PE4
        "X-CHF": {"ProductName": "Priced where no price list is valid", "CurrencyCode": PRICELESS},  # PE1, PE10
        "X-SEK": {"ProductName": "Priced in a currency of F&O alone", "CurrencyCode": next(iter(FINOPS_ONLY))},  # PE18
        STOPPED: {"ProductName": "No longer sold", "IsSalesStopped": "Yes"},
        "X-SERVICE": {"ProductName": "Repair", "ProductType": "Service", "IsStockedProduct": "No"},
        "X-FINE": {"ProductName": "Sold in tiny amounts", "SalesUnitDecimalPrecision": "9"},
        "x-lower": {"ProductName": "Ürün 🚲 with letters of everywhere"},
    }
    usual = {
        "ProductType": "Item",
        "SalesPrice": "9.95",
        "UnitCost": "5.00",
        "CurrencyCode": "USD",
        "SalesUnitSymbol": "ea",
        "SalesUnitDecimalPrecision": "0",
        "InventoryUnitSymbol": "ea",
        "IsStockedProduct": "Yes",
        "IsSalesStopped": "No",
    }
    return [{"dataAreaId": company, "ProductNumber": number, **usual, **row} for number, row in goods.items()]
