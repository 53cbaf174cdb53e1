"""Every setting of the app: its name, type, unit, default, and what it is for.

Settings are app settings (environment variables). The dotted settings of the mapping files (`accounts.customer_group`)
are app settings too, with a double underscore: `ACCOUNTS__CUSTOMER_GROUP`; the mapping files declare them.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from sync.errors import ConfigError


class Settings(BaseModel):
    """The settings of the engine, as read from the environment. Names are upper-case there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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
    detect_seconds: float = Field(240, gt=0, le=480, description="Longest detect run, in seconds")
    apply_seconds: float = Field(120, gt=0, le=300, description="Seconds after which a message begins no other chunk")
    detect_pages: int = Field(200, ge=1, description="Most pages that a detect run reads")
    page_size: int = Field(5000, ge=1, le=5000, description="Records that Dataverse is asked for per page")
    queue_depth: int = Field(400, ge=1, description="Waiting messages at which detect stops until they are fewer")
    batch_records: int = Field(396, ge=10, le=1000, description="Most records of a message")
    waiting_hours: float = Field(24, gt=0, description="Hours after which a record that waits becomes an issue")
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

    @field_validator("digest_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 16:
            raise ValueError("is shorter than 16 characters; make one with `openssl rand -hex 32` and keep it")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.sign_in == "client-secret":
            absent = [name for name in ("tenant_id", "client_id") if not getattr(self, name)]
            absent += [] if self.client_secret.get_secret_value() else ["client_secret"]
            if absent:
                names = ", ".join(name.upper() for name in absent)
                raise ValueError(f"SIGN_IN is client-secret, which needs {names}")
        longest = self.longest_write
        if not longest < self.lease_seconds < 600:
            raise ValueError(
                f"LEASE_SECONDS must be more than {longest:g} (twice CONNECT_TIMEOUT + 2 x READ_TIMEOUT: a write, and "
                "the question what became of it), and less than 600, for which the host hides a message"
            )
        return self

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


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment. Raises ConfigError with every problem at once, and no value of a secret."""
    given = {name: environment[name.upper()] for name in Settings.model_fields if environment.get(name.upper())}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        lines = [_sentence(problem) for problem in error.errors(include_url=False, include_input=False)]
        raise ConfigError(
            "; ".join(lines) + ".",
            where="settings",
            remedy="Set them in the app settings, locally in local.settings.json; see local.settings.example.json.",
        ) from None


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
    name = flow.upper()
    enabled = environment.get(f"{name}__ENABLED", "true").lower()
    if enabled not in ("true", "false"):
        raise ConfigError(f"{name}__ENABLED is {enabled!r}.", where="settings", remedy="Write true or false.")
    queue = environment.get(f"{name}__QUEUE") or f"{settings.queue_prefix}-{flow.replace('_', '-')}"
    if not re.fullmatch(r"[a-z0-9](-?[a-z0-9]){2,55}", queue):
        raise ConfigError(
            f"{name}__QUEUE is {queue!r}.",
            where="settings",
            remedy="A queue name has 3 to 56 lower-case letters, digits and single dashes (-poison is appended).",
        )
    schedule = settings.snapshot_schedule if whole else settings.detect_schedule
    return FlowSettings(enabled == "true", environment.get(f"{name}__SCHEDULE") or schedule, queue)


def refuse_unknown_settings(prefix: str, known: Collection[str], environment: Mapping[str, str] = os.environ) -> None:
    """Raises ConfigError for a setting with this prefix that nobody reads: a misspelt one would do nothing."""
    for name in sorted(environment):
        if name.startswith(prefix) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            meant = f"Did you mean {close[0]}? " if close else ""
            remedy = f"{meant}docs/reference/settings.md lists them all."
            raise ConfigError(f"{name} is not a setting.", where="settings", remedy=remedy)


def mapping_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings of the mapping files that are set: `ACCOUNTS__CUSTOMER_GROUP` is `accounts.customer_group`."""
    return {name.lower().replace("__", "."): value for name, value in environment.items()}


def _sentence(problem: Mapping[str, object]) -> str:
    place = problem["loc"]
    name = str(place[0]).upper() if isinstance(place, tuple) and place else ""
    if problem["type"] == "missing":
        return f"{name} is missing"
    text = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {text}" if name else text


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
