"""Azurite, the storage emulator: blobs, queues and tables of one machine (functions-host.md 7).

Every run gets a process and ports of its own. In memory by default; with a folder the data outlives a restart.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from local import processes
from local.certificates import Certificate

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Account and key of the development store: published by Microsoft, the same everywhere, no secret."""

_LISTENING = tuple(
    re.compile(rf"^Azurite {service} service is successfully listening at (\S+)$", re.MULTILINE)
    for service in ("Blob", "Queue", "Table")
)
_KEEP_ALIVE_SECONDS = 300
_ROOT = Path(__file__).resolve().parent.parent


class AzuriteError(RuntimeError):
    """Azurite cannot be started; the text says what is missing and how to install it."""


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports of the three services on 127.0.0.1; 0 lets Azurite choose."""

    blob: int = 0
    queue: int = 0
    table: int = 0


class Azurite:
    """A running Azurite; stop it, or use it as a context manager.

    `blob`, `queue` and `table` are the account's base addresses, such as `http://127.0.0.1:40000/devstoreaccount1`.
    """

    def __init__(self, child: processes.Child) -> None:
        self.child = child
        self.blob, self.queue, self.table = (f"{address}/{ACCOUNT}" for address in child.ready)

    @property
    def connection_string(self) -> str:
        """For the storage SDKs and the settings `AzureWebJobsStorage` and its like."""
        return (
            f"DefaultEndpointsProtocol={self.blob.partition(':')[0]};AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={self.blob};QueueEndpoint={self.queue};TableEndpoint={self.table};"
        )

    @property
    def ports(self) -> Ports:
        """The ports in use, for starting Azurite again at the same addresses."""
        return Ports(*(int(address.rpartition(":")[2]) for address in self.child.ready))

    def stop(self) -> None:
        """End Azurite so that nothing written to disk is lost (SIGTERM)."""
        self.child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.stop()


def start(
    *,
    location: Path | None = None,
    ports: Ports | None = None,
    certificate: Certificate | None = None,
    log: Path | None = None,
    timeout: float = 60.0,
    root: Path = _ROOT,
) -> Azurite:
    """Start Azurite and return when its three services listen.

    `location` keeps the data in that folder instead of memory. With `certificate` the services speak https and accept
    bearer tokens (`--oauth basic`) beside the account key; clients then need the certificate as their CA bundle.
    `root` is the folder that holds `node_modules`.

    Raises AzuriteError when Node.js or the npm package is missing, `processes.ChildError` when Azurite does not start.
    """
    ports = ports or Ports()
    command: list[str | Path] = [
        _node(), _script(root), "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--disableProductStyleUrl",
        "--blobPort", str(ports.blob), "--queuePort", str(ports.queue), "--tablePort", str(ports.table),
    ]  # fmt: skip
    for service in ("blob", "queue", "table"):
        command += [f"--{service}KeepAliveTimeout", str(_KEEP_ALIVE_SECONDS)]
    if location is None:
        command.append("--inMemoryPersistence")
    else:
        location.mkdir(parents=True, exist_ok=True)
        command += ["--location", location]
    if certificate is not None:
        command += ["--oauth", "basic", "--cert", certificate.cert, "--key", certificate.key]
    return Azurite(processes.start(command, name="Azurite", ready=_LISTENING, timeout=timeout, log=log))


def _node() -> Path:
    found = shutil.which("node")
    if found is None:
        raise AzuriteError(
            "Node.js is missing: `node` is not on PATH. Install Node.js 20 or later, then run `make setup`."
        )
    return Path(found)


def _script(root: Path) -> Path:
    script = root / "node_modules" / ".bin" / "azurite"
    if not script.exists():
        raise AzuriteError(
            f"The npm package azurite is not installed: {script} is missing. Run `make setup` (or `npm ci`)."
        )
    return script
