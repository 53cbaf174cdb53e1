"""The lines of sales quotations: products, prices, units, storage dimensions (flows.md 6.4 to 6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from local.simulators.finops.plain import Plain, fill_in
from local.simulators.finops.quotations import HEADERS, NUMBER, STATUS, check_dates, check_open, lines_of
from local.simulators.finops.schema import COMPANY
from local.simulators.finops.store import Row
from local.simulators.odata.filter_values import fold

_LINE = "LineCreationSequenceNumber"
_PRODUCT, _QUANTITY, _PRICE = "ProductNumber", "RequestedSalesQuantity", "SalesPrice"
_CENT = Decimal("0.01")
_DIGITS = 200
"""More than any amount has whose parts have 32 digits each."""
_MOST = Decimal(2**63)
_MAKES_THE_PRICE = frozenset({_PRODUCT, _QUANTITY, _PRICE, "SalesUnitSymbol"})


class QuotationLines(Plain):
    """What happens when a line of a quotation is written."""

    def check_fields(self, values: Mapping[str, Any], row: Mapping[str, Any], before: Row | None) -> None:
        """Lines change while their quotation is open; a product that is stopped cannot be put on one."""
        if (header := self._header(row)) is not None:
            check_open(self._world, self._set, header)
            if values.get("CurrencyCode", header["CurrencyCode"]) not in ("", header["CurrencyCode"]):
                raise self._world.infolog.not_editable(self._set, "CurrencyCode")
        product = self._product(row) if _PRODUCT in values else None
        if product is not None and product["IsSalesStopped"] == "Yes":
            raise self._world.infolog.field(self._set, _PRODUCT, "item-blocked", item=product[_PRODUCT])
        super().check_fields(values, row, before)

    def fill(self, values: dict[str, Any]) -> None:
        """The next line number, and what the header and the product have set up."""
        header, product = self._header(values), self._product(values)
        if header is not None:
            lines = lines_of(self._world, header)
            fill_in(
                values, {_LINE: max((line[_LINE] for line in lines), default=0) + 1} if not values.get(_LINE) else {}
            )
            fill_in(
                values,
                {
                    "CurrencyCode": header["CurrencyCode"],
                    "ShippingSiteId": header["DefaultShippingSiteId"],
                    "ShippingWarehouseId": header["DefaultShippingWarehouseId"],
                    "RequestedShippingDate": header["RequestedShippingDate"],
                    "RequestedReceiptDate": header["ReceiptDateRequested"],
                    "DeliveryTermsId": header["DeliveryTermsCode"],
                    "DeliveryModeCode": header["DeliveryModeCode"],
                    STATUS: header[STATUS],
                },
            )
        if product is not None:
            fill_in(
                values,
                {
                    "ProductName": product["ProductName"],
                    "LineDescription": product["ProductName"],
                    "SalesUnitSymbol": product["SalesUnitSymbol"],
                },
            )
            if _PRICE not in values:
                values[_PRICE] = product[_PRICE]
        values.setdefault(_QUANTITY, 1)
        fill_in(values, {"SalesPriceQuantity": 1})

    def check_row(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """A line sells a product or a category, from where the product's storage dimensions ask for it."""
        if not (row[_PRODUCT] or row["SalesProductCategoryName"]):
            raise self._world.infolog.empty(self._set, _PRODUCT)
        check_dates(self._world, self._set, values)
        product, asked = self._product(row), self._world.switch("mandatory_dimensions")
        if product is None or product["IsStockedProduct"] == "No" or asked == "none":
            return
        for word, name in (("site", "ShippingSiteId"), ("warehouse", "ShippingWarehouseId")):
            if word in asked and not row[name]:
                dimension = self._world.infolog.word(word)
                raise self._world.infolog.row(self._set, "mandatory-dimension", dimension=dimension, item=row[_PRODUCT])

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new line with its lot and its amount."""
        self._world.counters["lot"] += 1
        values["InventoryLotId"] = f"LOT-{self._world.counters['lot']:06d}"
        self._reprice(values, values)
        values["LineAmount"] = self._amount({**self._set.empty, **values})
        return super().create(values)

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a line anew with its new amount; another product brings its own name."""
        if _PRODUCT in changes and (product := self._product({**row, **changes})) is not None:
            changes["ProductName"] = product["ProductName"]
        if changes.keys() & _MAKES_THE_PRICE:
            self._reprice({**row, **changes}, changes)
        changes["LineAmount"] = self._amount({**row.whole(), **changes})
        return super().update(row, changes)

    def delete(self, row: Row) -> None:
        """Remove a line of a quotation that is open."""
        if (header := self._header(row)) is not None:
            check_open(self._world, self._set, header)
        super().delete(row)

    def _reprice(self, row: Mapping[str, Any], changes: dict[str, Any]) -> None:
        """Put the product's price in the place of the one sent, where F&O is set up to do so (flows.md 11)."""
        if self._world.switch("quotation_prices") == "recalculated" and (product := self._product(row)) is not None:
            changes[_PRICE] = product[_PRICE]

    def _amount(self, row: Mapping[str, Any]) -> Decimal:
        """Quantity times price less the discounts, and the charges (flows.md 6.6), in the currency's smallest unit.

        Raises Refusal for an amount that the field does not hold.
        """
        with localcontext(prec=_DIGITS):
            quantity, per = _decimal(row[_QUANTITY]), _decimal(row["SalesPriceQuantity"]) or Decimal(1)
            net = quantity * _decimal(row[_PRICE]) / per - quantity * _decimal(row["LineDiscountAmount"])
            net *= 1 - _decimal(row["LineDiscountPercentage"]) / 100
            if self._world.switch("line_charges") == "added":
                net += _decimal(row["FixedPriceCharges"])
            amount = (net / (unit := self._smallest(row))).quantize(Decimal(1), ROUND_HALF_UP) * unit
            if abs(amount) >= _MOST:
                raise self._world.infolog.not_allowed(self._set, "LineAmount", f"{amount:f}")
            return amount

    def _smallest(self, row: Mapping[str, Any]) -> Decimal:
        currency = self._world.store.find("Currencies", (fold(row["CurrencyCode"]),))
        return (_decimal(currency["GeneralRoundingRule"]) if currency else Decimal(0)) or _CENT

    def _header(self, row: Mapping[str, Any]) -> Row | None:
        return self._find(HEADERS, row, NUMBER)

    def _product(self, row: Mapping[str, Any]) -> Row | None:
        return self._find("SellableReleasedProducts", row, _PRODUCT)

    def _find(self, set_name: str, row: Mapping[str, Any], name: str) -> Row | None:
        return self._world.store.find(set_name, (fold(row[COMPANY]), fold(row.get(name) or "")))


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
