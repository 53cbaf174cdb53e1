"""Every setting of the app: its name, type, unit, default, and what it is for.

Settings are app settings (environment variables). The dotted settings of the mapping files (`accounts.customer_group`)
are app settings too, with a double underscore: `ACCOUNTS__CUSTOMER_GROUP`; the mapping files declare them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from sync.errors import ConfigError
from sync.schedules import checked_schedule


class Settings(BaseModel):
    """The settings of the engine, as read from the environment. Names are upper-case there."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    sales_url: str = Field(
        description="Base address of the Dataverse organisation, e.g. https://contoso.crm4.dynamics.com"
    )
    finops_url: str = Field(
        description="Base address of the F&O environment, e.g. https://contoso.operations.dynamics.com"
    )
    company: str = Field("", description="The F&O company (dataAreaId) of records whose business unit names no other")

    sign_in: Literal["managed-identity", "client-secret"] = Field(
        "managed-identity", description="How the app signs in to both systems"
    )
    tenant_id: str = Field("", description="Microsoft Entra tenant; for client-secret")
    client_id: str = Field("", description="Application id; with managed-identity: of a user-assigned identity")
    client_secret: SecretStr = Field(SecretStr(""), description="Secret of the application; a Key Vault reference")
    authority: str = Field("https://login.microsoftonline.com", description="Sign-in authority without the tenant")
    instance_discovery: bool = Field(True, description="Whether msal verifies the authority with Microsoft")
    ca_bundle: str = Field("", description="File of certificates to trust instead of the system's")

    storage: str = Field(
        "AzureWebJobsStorage",
        description="Prefix of the storage connection: a connection string of that name, or NAME__queueServiceUri and "
        "NAME__tableServiceUri with a managed identity (NAME__clientId)",
    )
    table_prefix: str = Field("p2c", pattern=r"^[A-Za-z][A-Za-z0-9]{0,20}$", description="First letters of all tables")
    queue_prefix: str = Field("p2c", pattern=r"^[a-z0-9]{1,20}$", description="First letters of all queues")
    link_partitions: int = Field(4, ge=1, le=99, description="Partitions of a mapping's links; fixed at first use")
    digest_key: SecretStr = Field(description="Key of the digests in the link table, at least 16 characters; keep it")

    mappings: str = Field("mappings", description="Folder of the mapping files, relative to the app")
    detect_schedule: str = Field("*/30 * * * * *", description="NCRONTAB schedule of the detect timers (UTC)")

    snapshot_schedule: str = Field(
        "0 */15 * * * *", description="NCRONTAB schedule of detect timers that read and compare a whole table (UTC)"
    )
    sweep_schedule: str = Field("0 */5 * * * *", description="NCRONTAB schedule of the sweep timers (UTC)")
    drift_hours: float = Field(
        24, ge=0, description="Hours between two comparisons of both sides by the sweep timers; 0 for none"
    )
    detect_seconds: float = Field(240, gt=0, le=480, description="Longest detect run, in seconds")
    apply_seconds: float = Field(120, gt=0, le=300, description="Seconds after which a message begins no other chunk")
    detect_pages: int = Field(200, ge=1, description="Most pages that a detect run reads")
    page_size: int = Field(5000, ge=1, le=5000, description="Records that Dataverse is asked for per page")
    queue_depth: int = Field(400, ge=1, description="Waiting messages at which detect stops until they are fewer")
    batch_records: int = Field(396, ge=10, le=1000, description="Most records of a message")
    waiting_hours: float = Field(24, gt=0, description="Hours after which a record that waits becomes an issue")
    issue_days: int = Field(90, ge=1, description="Days that a settled issue is kept, for `issues --closed`")
    storm_records: int = Field(200, ge=20, description="Refused records of one code within an hour that pause a flow")
    storm_percent: float = Field(
        50, gt=0, le=100, description="Share of all records that these must be, in percent, before the flow is paused"
    )
    brake_gone_percent: float = Field(
        2, ge=0, le=100, description="Share of a flow's records that may be gone at once, in percent, before it stops"
    )
    brake_changed_percent: float = Field(
        50, ge=0, le=100, description="Share of a flow's records that may change at once, in percent, before it stops"
    )
    sales_batch: int = Field(100, ge=1, le=1000, description="Most records of one write request to Dataverse")
    finops_batch: int = Field(99, ge=1, le=1000, description="Most records of one F&O $batch")
    finops_url_length: int = Field(4000, ge=500, description="Longest address of an F&O query, in characters")
    connect_timeout: float = Field(10, gt=0, description="Seconds until a connection must stand")
    read_timeout: float = Field(100, gt=0, description="Seconds until a request must be answered")
    lease_seconds: float = Field(540, gt=0, description="Lease of a claim, in seconds; longer than a write may take")

    @field_validator("sales_url", "finops_url", "authority")
    @classmethod
    def _address(cls, value: str) -> str:
        return checked_address(value)

    @field_validator("detect_schedule", "snapshot_schedule", "sweep_schedule")
    @classmethod
    def _schedule(cls, value: str) -> str:
        return checked_schedule(value)

    @field_validator("digest_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 16:
            raise ValueError("is shorter than 16 characters; make one with `openssl rand -hex 32` and keep it")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        found = [*self._sign_in_lacks(), *self._lease_misfits()]
        if found:
            raise ValueError("; ".join(found))
        return self

    def _sign_in_lacks(self) -> Iterator[str]:
        if self.sign_in == "client-secret":
            absent = [name for name in ("tenant_id", "client_id") if not getattr(self, name)]
            absent += [] if self.client_secret.get_secret_value() else ["client_secret"]
            if absent:
                names = ", ".join(name.upper() for name in absent)
                yield f"SIGN_IN is client-secret, which needs {names}"

    def _lease_misfits(self) -> Iterator[str]:
        longest = self.longest_write
        if not longest < self.lease_seconds < 600:
            yield (
                f"LEASE_SECONDS must be more than {longest:g} (twice CONNECT_TIMEOUT + 2 x READ_TIMEOUT: a write, and "
                "the question what became of it), and less than 600, for which the host hides a message; it is "
                f"{self.lease_seconds:g}"
            )

    @property
    def longest_write(self) -> float:
        """Seconds that a write may take: a request, and another one that asks what became of it."""
        return 2 * (self.connect_timeout + 2 * self.read_timeout)


def checked_address(value: str, environment: Mapping[str, str] = os.environ) -> str:
    """An https address without a path; plain http only to this machine, and never in Azure (design.md, Small print)."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"{value!r} is not a base address; write it as https://host, without a path")
    if parts.username or parts.password:
        raise ValueError("a base address holds no user name and no password")
    if parts.scheme == "http" and (not _is_loopback(parts.hostname) or "WEBSITE_INSTANCE_ID" in environment):
        raise ValueError(f"{value!r} is plain http; only https is allowed here")
    port = f":{parts.port}" if parts.port not in (None, {"http": 80, "https": 443}[parts.scheme]) else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """A setting that makes no sense: `what` names it and says why, `remedy` how to mend it. Tells no secret."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}".rstrip()


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raises ConfigError that tells all mistakes, if there are any."""
    if told := [str(mistake) for mistake in mistakes]:
        raise ConfigError("\n".join(told), where="settings", remedy=_WHERE_THEY_ARE)


_WHERE_THEY_ARE = "Set them in the app settings, locally in local.settings.json; see local.settings.example.json."


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment. Raises ConfigError with every problem at once, and no value of a secret."""
    refuse(setting_mistakes(environment))
    return Settings.model_validate(_given(environment))


def setting_mistakes(environment: Mapping[str, str], *, missing: bool = True) -> list[Mistake]:
    """Every setting of the app whose value makes no sense, those that are `missing` among them if wanted."""
    given = _given(environment)
    errors = _errors(given)
    if wrong := {str(error["loc"][0]) for error in errors if error["loc"]}:
        # What the others are to one another is only looked at when each by itself is fine.
        sound = {name: value for name, value in given.items() if name not in wrong}
        errors += [error for error in _errors({**_STAND_IN, **sound}) if not error["loc"]]
    return [_mistake(error, given) for error in errors if missing or error["type"] != "missing"]


_STAND_IN = {
    "sales_url": "https://sales.example.com",
    "finops_url": "https://finops.example.com",
    "digest_key": "0123456789abcdef",
}
"""What stands for a required setting while the others are looked at."""


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name.upper()] for name in Settings.model_fields if environment.get(name.upper())}


def _errors(given: Mapping[str, str]) -> list[Any]:
    try:
        Settings.model_validate(given)
    except ValidationError as error:
        return list(error.errors(include_url=False, include_input=False))
    return []


FLOW_SETTINGS = {
    "ENABLED": "`false` switches the flow off; what waits in its queue stays there",
    "SCHEDULE": "NCRONTAB schedule of its detect timer (UTC); else DETECT_SCHEDULE, or SNAPSHOT_SCHEDULE where the "
    "source is read whole",
    "QUEUE": "Name of its queue; made of QUEUE_PREFIX and the flow's name when not set",
}
"""What can be set for each flow, as in `ACCOUNTS_TO_FINOPS__ENABLED`."""


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """The settings of one flow."""

    enabled: bool
    schedule: str
    queue: str


def flow_switches(
    flow: str, settings: Settings, environment: Mapping[str, str] = os.environ, *, whole: bool = False
) -> FlowSettings:
    """The settings of one flow; `whole` when its source is read whole. Raises ConfigError for a value without sense."""
    refuse(flow_mistakes(flow, environment))
    name = flow.upper()
    schedule = settings.snapshot_schedule if whole else settings.detect_schedule
    return FlowSettings(
        environment.get(f"{name}__ENABLED", "").lower() != "false",
        environment.get(f"{name}__SCHEDULE") or schedule,
        environment.get(f"{name}__QUEUE") or f"{settings.queue_prefix}-{flow.replace('_', '-')}",
    )


def flow_mistakes(flow: str, environment: Mapping[str, str]) -> Iterator[Mistake]:
    """Every setting of one flow whose value makes no sense. One that is set and empty is not set."""
    name = flow.upper()
    enabled = environment.get(f"{name}__ENABLED", "")
    if enabled.lower() not in ("", "true", "false"):
        yield Mistake(f"{name}__ENABLED is {enabled!r}", "Write true or false.")
    queue = environment.get(f"{name}__QUEUE", "")
    if queue and not re.fullmatch(r"[a-z0-9](-?[a-z0-9]){2,55}", queue):
        remedy = "A queue name has 3 to 56 lower-case letters, digits and single dashes (-poison is appended)."
        yield Mistake(f"{name}__QUEUE is {queue!r}", remedy)
    try:
        checked_schedule(environment.get(f"{name}__SCHEDULE") or "* * * * *")
    except ValueError as error:
        yield Mistake(f"{name}__SCHEDULE: {error}", "")


def mapping_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings of the mapping files that are set: `ACCOUNTS__CUSTOMER_GROUP` is `accounts.customer_group`."""
    return {name.lower().replace("__", "."): value for name, value in environment.items()}


def _mistake(error: Mapping[str, Any], given: Mapping[str, str]) -> Mistake:
    if not error["loc"]:
        return Mistake(str(error["msg"]).removeprefix("Value error, "), "")
    field = str(error["loc"][0])
    name = field.upper()
    if error["type"] == "missing":
        return Mistake(f"{name} is missing", f"Set it: {Settings.model_fields[field].description}.")
    if error["type"] == "value_error":
        return Mistake(f"{name}: {str(error['msg']).removeprefix('Value error, ')}", "")
    return Mistake(f"{name} is {given[field]!r}", f"Write {_form(field)}.")


def _form(field: str) -> str:
    """What a setting may be, in words."""
    info = Settings.model_fields[field]
    if choices := get_args(info.annotation):
        return " or ".join(choices)
    if info.annotation is bool:
        return "true or false"
    bounds = {key: value for each in info.metadata for key, value in _bounds(each)}
    if pattern := bounds.get("pattern"):
        return f"a text of the form {pattern}"
    words = [f"{_BOUNDS[key]} {bounds[key]:g}" for key in _BOUNDS if key in bounds]
    return " ".join(("a whole number" if info.annotation is int else "a number", " and ".join(words)))


_BOUNDS = {"ge": "of at least", "gt": "of more than", "le": "at most"}


def _bounds(constraint: object) -> Iterator[tuple[str, Any]]:
    for key in ("pattern", *_BOUNDS):
        if (value := getattr(constraint, key, None)) is not None:
            yield key, value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
