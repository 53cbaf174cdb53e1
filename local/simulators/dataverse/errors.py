"""Refusals with the codes and texts of wire.md 1.12 and Part 4.

Where that page marks a code as unknown, the choice made here is `0x0`, the code of an argument that cannot be used,
with a text that says what and where; a client decides by the status then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local.simulators.odata.jsontext import dumps

_PAYLOAD = "Error identified in Payload provided by the user for Entity :'{0}'  ---->  InnerException : "
_LONGEST_SHOWN = 200
_RETRY_TEXTS = {
    429: ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds."),
    500: ("0x80040216", "An unexpected error occurred."),
    503: ("", "The service is unavailable."),
}


class Refusal(Exception):
    """A request is answered with an error; nothing of it is done."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None, *, switch: str = ""
    ) -> None:
        """`switch` names the switch that decides the status, or the code when its value is a text."""
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.switch = switch

    def decided(self, value: int | str) -> None:
        """Take the status or the code that the switch says; `empty` is no code, `hex` the one that is known."""
        if isinstance(value, int):
            self.status = value
        elif value != "hex":
            self.code = "" if value == "empty" else value

    def body(self, *, annotated: bool = False, inner: bool = False) -> bytes:
        """The JSON body of the error, on request with annotations or an inner error (wire.md 1.12)."""
        more: dict[str, Any] = {}
        if inner:
            more["innererror"] = {"message": self.message, "type": "Microsoft.Crm.CrmException", "stacktrace": ""}
        if annotated:
            more |= {
                "@Microsoft.PowerApps.CDS.ErrorDetails.ApiExceptionSourceKey": "Web API",
                "@Microsoft.PowerApps.CDS.HelpLink": f"http://go.microsoft.com/fwlink/?LinkID=398563&error={self.code}",
                "@Microsoft.PowerApps.CDS.TraceText": "",
                "@Microsoft.PowerApps.CDS.InnerError.Message": self.message,
            }
        return error_body(self.status, self.code, self.message, more)


def error_body(status: int, code: str | None, message: str | None, more: Mapping[str, Any] | None = None) -> bytes:
    """The error shape; without code and message those that fit the status; `more` members after these two."""
    usual_code, usual_message = _RETRY_TEXTS.get(status, ("", f"Status {status}."))
    told = usual_message if message is None else message
    error: dict[str, Any] = {
        "code": usual_code if code is None else code,
        # A text may quote half a surrogate pair out of a payload, which no UTF-8 can hold.
        "message": told.encode("utf-8", "backslashreplace").decode(),
        **(more or {}),
    }
    return dumps({"error": error})


def _shown(value: Any) -> str:
    """A value of a payload as a message shows it: cut when it is long, not at all when it is too deep."""
    try:
        text = str(value)
    except RecursionError:
        return "..."
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def bad_argument(message: str) -> Refusal:
    return Refusal(400, "0x0", message)


def no_such_segment(name: str) -> Refusal:
    return Refusal(404, "0x8006088a", f"Resource not found for the segment '{name}'.")


def no_such_function(uri: str) -> Refusal:
    return Refusal(404, "", f"No HTTP resource was found that matches the request URI '{uri}'.")


def no_such_property(name: str, logical: str) -> Refusal:
    """In a query."""
    return bad_argument(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{logical}'.")


def no_such_attribute(name: str, schema: str) -> Refusal:
    """In a query function, which knows attributes: `contactid`, and not `_contactid_value`."""
    return Refusal(
        400,
        "0x80041103",
        f"'{schema}' entity doesn't contain attribute with Name = '{name}' and NameMapping = 'Logical'.",
    )


def invalid_property(name: str, logical: str) -> Refusal:
    """In a payload."""
    return bad_argument(
        "An error occurred while validating input parameters: Microsoft.OData.ODataException: "
        f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{logical}'."
    )


def bad_payload(entity_set: str, detail: str) -> Refusal:
    return Refusal(400, "0x80048d19", _PAYLOAD.format(entity_set) + detail)


def undeclared_property(entity_set: str, name: str) -> Refusal:
    """A bind to something that is no navigation property (wire.md 1.5)."""
    return bad_payload(
        entity_set,
        f"Microsoft.OData.ODataException: An undeclared property '{name}' which only has property annotations in the "
        "payload but no property value was found in the payload. In OData, only declared navigation properties and "
        "declared named streams can be represented as properties without values.",
    )


def unreadable_value(entity_set: str, name: str, value: Any, wanted: str) -> Refusal:
    return bad_payload(
        entity_set,
        f"Microsoft.OData.ODataException: Cannot convert the literal '{_shown(value)}' of property '{name}' to the "
        f"expected type '{wanted}'.",
    )


def bad_url_value(value: Any, name: str) -> Refusal:
    return Refusal(400, "0x80090800", f"Invalid url value '{_shown(value)}' for lookup property '{name}'.")


def too_long(name: str, logical: str, limit: int) -> Refusal:
    return Refusal(
        400,
        "0x80044331",
        f"A validation error occurred.  The length of the '{name}' attribute of the '{logical}' entity exceeded the "
        f"maximum allowed length of '{limit}'.",
    )


def option_out_of_range(name: str, logical: str, value: Any, accepted: Iterable[int]) -> Refusal:
    listed = ",".join(map(str, sorted(accepted)))
    return Refusal(
        400,
        "0x8004431A",
        f"A validation error occurred.  The value {value} of '{name}' on record of type '{logical}' is outside the "
        f"valid range. Accepted Values: {listed}",
    )


def number_out_of_range(name: str, logical: str, *, money: bool) -> Refusal:
    code = "0x80040317" if money else "0x80044330"
    return Refusal(
        400, code, f"A validation error occurred.  The value of '{name}' on record of type '{logical}' is outside the "
        "valid range."
    )  # fmt: skip


def date_out_of_range(name: str, logical: str) -> Refusal:
    """A moment before the first that the platform's database can hold; wire.md names no code for it."""
    return bad_argument(
        f"A validation error occurred.  The value of '{name}' on record of type '{logical}' is before the first date "
        "that is supported, 1/1/1753."
    )


def required_missing(name: str, logical: str) -> Refusal:
    return Refusal(400, "0x80040203", f"The attribute '{name}' of the entity '{logical}' is required and has no value.")


def bad_state(logical: str, state: Any, status: Any) -> Refusal:
    return Refusal(
        400,
        "0x80048408",
        "State code is invalid or state code is valid but status code is invalid for a specified state code. "
        f"({logical}: statecode {state}, statuscode {status})",
    )


def no_such_row(logical: str, row_id: str) -> Refusal:
    return Refusal(404, "0x80040217", f"{logical} With Id = {row_id} Does Not Exist")


def no_such_key(logical: str) -> Refusal:
    """No row has these values of an alternate key (wire.md 1.3)."""
    return Refusal(404, "0x80060891", f"A record with the specified key values does not exist in {logical} entity")


def not_there(problem: Refusal) -> Refusal:
    """A bind to a row that is not there: by id or by key, with a status that is not known (wire.md 1.5)."""
    return Refusal(problem.status, problem.code, problem.message, switch="missing_bind_status")


def condition_not_met(problem: Refusal) -> Refusal:
    """A row that a condition asks for is not there; the documentation's samples show no code (wire.md 1.3)."""
    return Refusal(problem.status, problem.code, problem.message, switch="condition_codes")


def duplicate_row() -> Refusal:
    return Refusal(412, "0x80040237", "A record with matching key values already exists.", switch="condition_codes")


def duplicate_entity_key(name: str, columns: str) -> Refusal:
    return Refusal(
        412,
        "0x80060892",
        f"Entity Key {name} violated. A record with the same value for {columns} already exists. A duplicate record "
        "cannot be created. Select one or more unique values and try again.",
        switch="duplicate_key_status",
    )


def duplicate_target() -> Refusal:
    """The same row twice in one UpsertMultiple (wire.md 1.9)."""
    return Refusal(412, "0x80040237", "Cannot insert duplicate key.", switch="bulk_duplicate_code")


def untyped_target(entity_set: str, place: int, wanted: str) -> Refusal:
    problem = bad_payload(entity_set, f"Target {place} needs '@odata.type': '{wanted}'.")
    return Refusal(problem.status, problem.code, problem.message, switch="bulk_type_code")


def no_bulk_message(name: str) -> Refusal:
    return Refusal(404, "0x8006088a", f"Resource not found for the segment '{name}'.", switch="no_bulk_status")


def duplicates_found() -> Refusal:
    return Refusal(
        412,
        "0x80040333",
        "A record was not created or updated because a duplicate of the current record already exists.",
    )


def too_many_operations(most: int, given: int) -> Refusal:
    return Refusal(
        400, "0x0", f"A batch holds at most {most} operations, not {given}.", switch="too_many_operations_status"
    )


def key_characters(value: str) -> Refusal:
    """Values of alternate keys that cannot be used in an address (wire.md 1.4)."""
    return Refusal(
        400,
        "0x0",
        f"The key value '{value}' has a character that an address cannot carry: / < > * % & : \\ ? +",
        switch="key_characters_status",
    )


def duplicate_key() -> Refusal:
    return Refusal(412, "0x80040237", "Cannot insert duplicate key.")


def stale_version() -> Refusal:
    return Refusal(
        412,
        "0x80060882",
        "The version of the existing record doesn't match the RowVersion property provided.",
        switch="condition_codes",
    )


def bad_key(logical: str) -> Refusal:
    """Key columns that are neither the primary nor an alternate key (wire.md 1.4)."""
    resource = f"Microsoft.Dynamics.CRM.{logical}"
    return bad_argument(
        f"The key in the request URI is not valid for resource '{resource}'. Ensure that the names and number of key "
        f"properties match the declared or alternate key properties for the resource '{resource}'."
    )


def no_privilege(privilege: str, logical: str, user_id: str) -> Refusal:
    return Refusal(
        403, "0x80040220", f"Principal user (Id={user_id}, type=8) is missing prv{privilege}{logical} privilege."
    )


def still_referred_to(logical: str) -> Refusal:
    return Refusal(
        405, "0x80040227", f"The {logical} cannot be deleted because it is associated with another record."
    )  # fmt: skip


def not_with_tracking(option: str) -> Refusal:
    return bad_argument(f'The "{option}" query parameter isn\'t supported when Change Tracking is enabled.')


def tracking_is_off(logical: str) -> Refusal:
    return bad_argument(f"Change Tracking is not enabled for the entity '{logical}'.")


def expired_token() -> Refusal:
    return Refusal(
        400,
        "0x80044352",
        "Version stamp associated with the client has expired. Please perform a full sync.",
        switch="expired_token_status",
    )


def not_offered(option: str) -> Refusal:
    return Refusal(400, "0x80060888", f"The query parameter {option} is not supported.")


def read_only(status: int, code: str | None, message: str | None) -> Refusal:
    """A write while the organisation is read-only; without code and message those that fit the status."""
    usual_code, usual_message = _RETRY_TEXTS.get(status, ("", f"Status {status}."))
    return Refusal(status, usual_code if code is None else code, usual_message if message is None else message)


def not_implemented(what: str) -> Refusal:
    """Something that the platform has and this simulator has not, or the other way round."""
    return Refusal(501, "0x0", what)


def unauthorized(why: str) -> Refusal:
    return Refusal(401, "", why, {"WWW-Authenticate": "Bearer"})
