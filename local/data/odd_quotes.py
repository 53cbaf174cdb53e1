"""Quotes as real organisations have them: those that end with a reason or a warning, or wait, one of each.

What the flow does with them is in the expected outcomes of flows.md 6.6, which the comments name.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from local.data.folder import Row
from local.data.oddities import STOPPED

ACTIVE = {"statecode": "1", "statuscode": "3"}


def odd_quotes(
    namespace: uuid.UUID, seed: int, account: Row, currencies: Mapping[str, str], sold: Sequence[Row], numberless: str
) -> tuple[list[Row], list[Row]]:
    """Quotes of this account, or of the one without number, and their lines; `currencies` are ids by code."""
    quotes: dict[str, Row] = {
        "written in": {"quotenumber": "ODD-WRITE-IN"},  # QE2
        "waits for its customer": {"quotenumber": "ODD-CUSTOMER", "customerid": numberless},  # QE6
        "waits for a product": {"quotenumber": "ODD-PRODUCT"},  # QE3
        "unsafe number": {"quotenumber": "ODD/NUMBER"},  # QE10
        "long number": {"quotenumber": "ODD-NUMBER-OF-MANY-SIGNS"},  # QE9
        "one number": {"quotenumber": "ODD-TWICE"},
        "the same number": {"quotenumber": "odd-twice"},
        "without a date": {"quotenumber": "ODD-NO-DATE", "requestdeliveryby": ""},  # QE11
        "without a country": {
            "quotenumber": "ODD-NO-COUNTRY",
            "shipto_line1": "7 Quay Street",
            "shipto_city": "Rotterdam",
        },  # QE12
        "long name": {"quotenumber": "ODD-LONG-NAME", "name": "Everything that " + "very " * 12 + "much is wanted"},
        "without lines": {"quotenumber": "ODD-NO-LINES"},  # QE14
        "with freight": {"quotenumber": "ODD-FREIGHT", "freightamount": "25.00"},  # QE25
        "discount of odd cents": {"quotenumber": "ODD-CENTS"},  # QE26
    }
    usual = {
        "customerid": account["accountid"],
        "transactioncurrencyid": currencies[account["transactioncurrencyid.isocurrencycode"]],
        "requestdeliveryby": "2027-03-15T00:00:00Z",
        **ACTIVE,
    }
    headers = {
        what: {
            "quoteid": str(uuid.uuid5(namespace, f"{seed}/odd quote/{what}")),
            "name": f"Quote {what}",
            **usual,
            **row,
        }
        for what, row in quotes.items()
    }
    lines = [
        {
            "quotedetailid": str(uuid.uuid5(namespace, f"{header['quoteid']}/1")),
            "quoteid": header["quoteid"],
            "quantity": "3",
            "lineitemnumber": "1",
            "sequencenumber": "1",
            **_goods(what, sold[0]),
        }
        for what, header in headers.items()
        if what != "without lines"
    ]
    return list(headers.values()), lines


def _goods(what: str, product: Row) -> Row:
    """What the line of such a quote sells."""
    match what:
        case "written in":
            return {
                "isproductoverridden": "true",
                "productdescription": "Installation by hand",
                "priceperunit": "80.00",
            }
        case "waits for a product":
            return {
                "productid": STOPPED,
                "description": "No longer sold",
                "uomid": "ea",
                "priceperunit": "9.95",
            }
    line = {
        "productid": product["ProductNumber"],
        "description": product["ProductName"],
        "uomid": product["SalesUnitSymbol"],
        "priceperunit": product["SalesPrice"],
    }
    return {**line, "manualdiscountamount": "10.00"} if what == "discount of odd cents" else line
