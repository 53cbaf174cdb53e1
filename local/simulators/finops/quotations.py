"""Sales quotations: what a header takes from its customer, and when it can be changed (flows.md 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops import sequences
from local.simulators.finops.plain import Plain, fill_in
from local.simulators.finops.schema import COMPANY, EMPTY_DATE, EntitySet
from local.simulators.finops.store import Row
from local.simulators.finops.world import World
from local.simulators.odata.filter_values import fold

HEADERS, LINES = "CDSSalesQuotationHeaders", "CDSSalesQuotationLines"
STATUS, NUMBER = "SalesQuotationStatus", "SalesQuotationNumber"
_CREATED = "Created"
_OPEN = frozenset({_CREATED, "Reset", "Modified", "Revised"})
_AWAY = frozenset({"Sent", "Submitted", "Approved"})
_OF_THE_CUSTOMER = {
    "CurrencyCode": "SalesCurrencyCode",
    "LanguageId": "LanguageId",
    "DefaultShippingSiteId": "SiteId",
    "DefaultShippingWarehouseId": "WarehouseId",
    "PaymentTermsName": "PaymentTerms",
    "DeliveryTermsCode": "DeliveryTerms",
    "DeliveryModeCode": "DeliveryMode",
    "ContactPersonId": "ContactPersonId",
    "Email": "PrimaryContactEmail",
}
"""What a header takes over from its customer, by the property of the customer."""
_ADDRESS = {
    "Street": "Street",
    "City": "City",
    "ZipCode": "ZipCode",
    "StateId": "State",
    "CountyId": "County",
    "CountryRegionISOCode": "CountryRegionISOCode",
    "Description": "Description",
}
"""The properties of an address on a quotation, by those on a customer, each without its block's name."""


class Quotations(Plain):
    """What happens when the header of a quotation is written."""

    def check_fields(self, values: Mapping[str, Any], row: Mapping[str, Any], before: Row | None) -> None:
        """A quotation that is not open stays as it is; its status is changed by what people do with it."""
        if before is not None:
            check_open(self._world, self._set, before)
        if row[STATUS] != (_CREATED if before is None else before[STATUS]):
            raise self._world.infolog.not_editable(self._set, STATUS)
        super().check_fields(values, row, before)

    def fill(self, values: dict[str, Any]) -> None:
        """The quotation's number where a sequence gives it; dates; and what the customer has set up."""
        sequences.number(self._world, "quotation_numbers", self._set, NUMBER, values, "SQ-{:06d}")
        fill_in(values, {"RequestedShippingDate": self._world.today, "ReceiptDateRequested": self._world.today})
        customers = self._world.schema.sets["CustomersV3"]
        account = values.get("RequestingCustomerAccountNumber")
        customer = self._world.refers_to(customers, values[COMPANY], account) if account else None
        if customer is not None:
            fill_in(values, {name: customer[source] for name, source in _OF_THE_CUSTOMER.items()})
            fill_in(values, {"InvoiceCustomerAccountNumber": customer["InvoiceAccount"] or customer["CustomerAccount"]})
            self._fill_addresses(values, customer)

    def check_row(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Dates of delivery that are past are refused where delivery dates are controlled; so is a customer on hold."""
        check_dates(self._world, self._set, values)
        if "RequestingCustomerAccountNumber" in values:
            customers = self._world.schema.sets["CustomersV3"]
            customer = self._world.refers_to(customers, row[COMPANY], row["RequestingCustomerAccountNumber"])
            if customer is not None and customer["OnHoldStatus"] == "All":
                raise self._world.infolog.row(self._set, "on-hold", account=customer["CustomerAccount"])

    def delete(self, row: Row) -> None:
        """Remove a quotation that is open, with its lines."""
        check_open(self._world, self._set, row)
        for line in lines_of(self._world, row):
            self._world.store.delete(LINES, line)
        super().delete(row)

    def _fill_addresses(self, values: dict[str, Any], customer: Row) -> None:
        """The customer's addresses, unless one was sent: that for deliveries, else its primary one (flows.md QE12)."""
        for block in ("DeliveryAddress", "InvoiceAddress"):
            sent = any(values.get(f"{block}{part}") for part in _ADDRESS if part != "Description")
            source = block if customer[f"{block}City"] or customer[f"{block}Street"] else "Address"
            if not sent:
                parts = {f"{block}{part}": customer[f"{source}{own}"] for part, own in _ADDRESS.items()}
                fill_in(values, {name: value for name, value in parts.items() if name in self._set.columns})
        name = " ".join(filter(None, (customer[part] for part in _CUSTOMER_NAMES)))
        fill_in(values, {"DeliveryAddressName": name[: self._set.lengths["DeliveryAddressName"]]})


_CUSTOMER_NAMES = ("OrganizationName", "PersonFirstName", "PersonMiddleName", "PersonLastName")


def lines_of(world: World, header: Mapping[str, Any]) -> list[Row]:
    """The lines of a quotation."""
    company, number = fold(header[COMPANY]), fold(header[NUMBER])
    there = world.store.tables[LINES].candidates((NUMBER, frozenset({number})))
    return [line for line in there if fold(line[COMPANY]) == company]


def check_open(world: World, entity_set: EntitySet, header: Mapping[str, Any]) -> None:
    """Refuse to change a quotation in this status (flows.md 6.3; switch `edits_when_sent`)."""
    status = header[STATUS]
    if status not in _OPEN and not (status in _AWAY and world.switch("edits_when_sent") == "allowed"):
        raise world.infolog.row(entity_set, "quotation-locked", number=header[NUMBER], status=status)


def check_dates(world: World, entity_set: EntitySet, values: Mapping[str, Any]) -> None:
    """Refuse dates of delivery that are past, where they are controlled (flows.md 1.14)."""
    if world.switch("delivery_date_control") == "none":
        return
    for name in ("RequestedShippingDate", "ReceiptDateRequested", "RequestedReceiptDate"):
        date = values.get(name, EMPTY_DATE)
        if EMPTY_DATE < date < world.today[:10]:
            raise world.infolog.field(entity_set, name, "too-early", date=date[:10])
