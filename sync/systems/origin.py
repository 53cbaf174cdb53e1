"""Addresses: what a base address may be, and that no link leads away from it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urljoin, urlsplit

from sync.errors import ConfigError

_PORTS = {"http": 80, "https": 443}
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")


def base_address(text: str) -> str:
    """`text` as scheme://host[:port], without a slash at its end.

    Only https, or http to this machine. Raises ConfigError for anything else, for a path, a query or a user name.
    """
    remedy = "Give the address as https://host, the way the environment shows it in the browser."
    parts = _split(text.strip())
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError(f"{text!r} is no base address.", remedy=remedy)
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError(f"The base address of {parts.hostname} has more than a host and a port.", remedy=remedy)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError(f"The base address of {parts.hostname} is plain http: tokens would be readable.",
                          remedy="Use https. Plain http is for this machine alone.")  # fmt: skip
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def inside(link: str, base: str) -> str:
    """`link`, unchanged if it is absolute, when it stays at the origin of `base`.

    Raises ConfigError when it leads elsewhere: the token in the next request is for `base` alone.
    """
    url = link if "://" in link.partition("?")[0] else urljoin(base + "/", link)
    parts, home = _split(url), urlsplit(base)
    if parts is not None and not _UNPRINTABLE.search(url) and _origin(parts) == _origin(home) and not parts.username:
        return url
    elsewhere = (parts.hostname if parts else None) or "an address that cannot be read"
    raise ConfigError(
        f"A link in an answer leads from {home.netloc} to {elsewhere}; it is not followed.",
        remedy="Use the address that the system itself writes into its links as base address; "
        "if a gateway stands between, let it pass the host name on.",
    )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
