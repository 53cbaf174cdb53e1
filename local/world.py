"""The local world: Azurite, both simulators, the identity endpoint and Functions hosts, each a process of its own."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from local import azurite, processes
from local.certificates import Certificate
from local.data.enter import Api, clerk, enter, seller
from local.data.folder import DataFolder
from local.host.process import HostProcess

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 60


class World:
    """Everything but the hosts runs from the start; `start_host` adds hosts. Use it as a context manager.

    With `certificate` storage speaks https and the app signs in to it with its managed identity, as in Azure. `tables`
    is a folder of tables that the Sales organisation has made itself. With `storage`, a folder, what Azurite keeps
    outlives it, so that it can be stopped and started again.
    """

    def __init__(
        self,
        *,
        company: str = "usmf",
        app: Path = ROOT,
        settings: Mapping[str, str] | None = None,
        certificate: Certificate | None = None,
        tables: Path | None = None,
        storage: Path | None = None,
    ) -> None:
        self._stack = ExitStack()
        self.app = app
        self.company = company
        self.token_key = secrets.token_bytes(32)
        self._identity_header = secrets.token_hex(16)  # hexadecimal: it is passed as an argument
        self._own_settings = dict(settings or {})
        self._certificate = certificate
        self.hosts: list[HostProcess] = []
        try:
            self._storage = storage
            self.azurite = self._stack.enter_context(azurite.start(certificate=certificate, location=storage))
            own_tables = ["--tables", str(tables.resolve())] if tables else []
            self.simulators = {
                "sales": self._child("local.simulators.dataverse", *own_tables),
                "finops": self._child("local.simulators.finops", "--company", company),
            }
            self.sales_url, self.finops_url = (child.ready[0] for child in self.simulators.values())
            self.identity_url = self._child("local.identity", "--secret", self._identity_header).ready[0]
            # Many requests a second from one machine are no misuse here; who wants the limits switches them on.
            self.admin("sales", "switches", {"limit_requests": 0, "limit_seconds": 0, "limit_concurrent": 0})
        except BaseException:
            self._stack.close()
            raise

    @property
    def sales(self) -> Api:
        """Sales as a seller uses it."""
        return seller(self.sales_url, self.token_key)

    @property
    def finops(self) -> Api:
        """F&O as a clerk uses it."""
        return clerk(self.finops_url, self.token_key)

    @property
    def settings(self) -> dict[str, str]:
        """The app settings of a host in this world."""
        return {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            **self._storage_settings(),
            "SALES_URL": self.sales_url,
            "FINOPS_URL": self.finops_url,
            "COMPANY": self.company,
            "SIGN_IN": "managed-identity",
            "IDENTITY_ENDPOINT": self.identity_url,
            "IDENTITY_HEADER": self._identity_header,
            "DIGEST_KEY": "local world, not a secret: " + self.token_key.hex()[:16],
            "DETECT_SCHEDULE": "*/2 * * * * *",
            "SNAPSHOT_SCHEDULE": "*/2 * * * * *",
            **self._mapping_folder(),
            **self._own_settings,
        }

    def enter(self, folder: DataFolder) -> dict[str, int]:
        """Enter a data folder into both systems."""
        return enter(folder, self.sales, self.finops)

    def start_host(self, *, settings: Mapping[str, str] | None = None, **times: Any) -> HostProcess:
        """One more Functions host, which shares the storage with the others. `times` as of HostProcess."""
        times.setdefault("polling", 0.2)
        host = HostProcess(self.app, {**self.settings, **(settings or {})}, **times)
        self.hosts.append(host)
        return host

    def stop_host(self, host: HostProcess) -> None:
        """End a host in good order."""
        self.hosts.remove(host)
        host.stop()

    def kill_host(self, host: HostProcess) -> None:
        """End a host as a crash would."""
        self.hosts.remove(host)
        host.kill()

    @contextmanager
    def without_storage(self) -> Iterator[None]:
        """Azurite is stopped, and comes back at the same addresses with what it had. Needs `storage`."""
        ports = self.azurite.ports
        self.azurite.stop()
        try:
            yield
        finally:
            again = azurite.start(certificate=self._certificate, location=self._storage, ports=ports)
            self.azurite = self._stack.enter_context(again)

    @contextmanager
    def without_answers(self, system: str) -> Iterator[None]:
        """A system stands still: it takes connections and answers nobody, and goes on as if nothing had been."""
        pid = self.simulators[system].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextmanager
    def without_connections(self, system: str) -> Iterator[None]:
        """A system is being restarted: it cuts its connections and takes none; then it is there again, as it was."""
        pid = self.simulators[system].pid
        os.kill(pid, signal.SIGUSR1)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGUSR2)

    def admin(self, system: str, path: str, body: object = None, method: str = "") -> Any:
        """The admin side of a simulator: counters, faults, clock, rows, switches."""
        base = self.sales_url if system == "sales" else self.finops_url
        verb = method or ("GET" if body is None else "POST")
        answer = requests.request(verb, f"{base}/admin/{path}", json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def rows(self, system: str, set: str) -> list[dict[str, Any]]:
        """All rows of a set, as the simulator holds them."""
        rows: list[dict[str, Any]] = self.admin(system, f"rows/{set}")
        return rows

    def sets(self, system: str) -> list[str]:
        """The entity sets of a simulator, from its own service document."""
        api = self.sales if system == "sales" else self.finops
        return sorted(api.types())

    def host_counters(self, host: HostProcess) -> dict[str, Any]:
        """What the app in this host has sent so far, and the storage operations of the host itself on top."""
        key = {"x-functions-key": host.function_key}
        answer = requests.get(f"{host.url}/api/counters", headers=key, timeout=TIMEOUT)
        answer.raise_for_status()
        counters: dict[str, Any] = answer.json()
        own = host.counters()["storage"]
        queue = sum(own.get(name, 0) for name in ("receive", "receive_empty", "update", "delete", "send_poison"))
        counters["storage"]["queue"] = counters["storage"].get("queue", 0) + queue
        return counters

    def close(self) -> None:
        """End everything, hosts first."""
        for host in list(self.hosts):
            self.stop_host(host)
        self._stack.close()

    def _storage_settings(self) -> dict[str, str]:
        if self._certificate is None:
            return {"AzureWebJobsStorage": self.azurite.connection_string}
        trusted = str(self._certificate.cert)
        return {
            "AzureWebJobsStorage__credential": "managedidentity",
            "AzureWebJobsStorage__blobServiceUri": self.azurite.blob,
            "AzureWebJobsStorage__queueServiceUri": self.azurite.queue,
            "AzureWebJobsStorage__tableServiceUri": self.azurite.table,
            "CA_BUNDLE": trusted,
            "REQUESTS_CA_BUNDLE": trusted,  # for the host's own clients
        }

    def _mapping_folder(self) -> dict[str, str]:
        """Another folder of mapping files, where the environment names one: hosts take it from there, and who looks at
        their tables must know the same flows."""
        given = os.environ.get("MAPPINGS")
        return {"MAPPINGS": str((self.app / given).resolve())} if given else {}

    def _child(self, module: str, *options: str) -> processes.Child:
        command = [sys.executable, "-m", module, "--port", "0", "--token-key", self.token_key.hex(), *options]
        return self._stack.enter_context(processes.start(command, name=module, cwd=ROOT))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
