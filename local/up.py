"""`python -m local up`: the world kept running, for exploring with curl and browsers, and for `func start`."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
import threading
from pathlib import Path

from rich.console import Console

from local.data.folder import DataFolder
from local.data.generate import generate
from local.simulators.odata.tokens import issue
from local.world import ROOT, World

SETTINGS_FILE = ROOT / ".local" / "local.settings.json"


def run(data: Path | None, *, hosts: int, console: Console) -> int:
    """Start the world, print where everything is, wait for Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory() as scratch:
        folder = data or Path(scratch) / "sample"
        if data is None:
            generate(folder)
        source = DataFolder(folder)
        with World(company=source.company) as world:
            world.enter(source)
            world.admin("sales", "clock", {"advance": 3600})  # the data was entered an hour ago
            for _ in range(hosts):
                world.start_host()
            write_settings(world)
            tell(world, console)
            stop.wait()
    console.print("Stopped.")
    return 0


def write_settings(world: World) -> None:
    """The app settings of this world as a local.settings.json; only this user may read it, it holds keys."""
    SETTINGS_FILE.parent.mkdir(exist_ok=True)
    SETTINGS_FILE.touch(mode=0o600)
    SETTINGS_FILE.write_text(json.dumps({"IsEncrypted": False, "Values": world.settings}, indent=2) + "\n")


def tell(world: World, console: Console) -> None:
    """The addresses, how to call them, and what to do where Core Tools are installed."""
    accounts = f"{world.sales_url}/api/data/v9.2/accounts?$top=2&$select=name"
    customers = f"{world.finops_url}/data/CustomersV3?$top=2&cross-company=true"
    lines = [
        f"Sales (Dataverse)  {world.sales_url}/api/data/v9.2/",
        f"F&O                {world.finops_url}/data/",
        *(f"Functions host     {host.url}" for host in world.hosts),
        f"App settings       {SETTINGS_FILE.relative_to(ROOT)}",
        "",
        f"python -m sync --settings {SETTINGS_FILE.relative_to(ROOT)} status",
        "",
        "export SALES_TOKEN=" + issue(world.token_key, world.sales_url, "explorer", 4e9),
        "export FINOPS_TOKEN=" + issue(world.token_key, world.finops_url, "explorer", 4e9),
        f"curl -H \"Authorization: Bearer $SALES_TOKEN\" '{accounts}'",
        f"curl -H \"Authorization: Bearer $FINOPS_TOKEN\" '{customers}'",
        "",
    ]
    if shutil.which("func"):
        lines += [
            "Azure Functions Core Tools are here. To run the app in them instead of our own host:",
            f"cp {SETTINGS_FILE.relative_to(ROOT)} local.settings.json && func start",
            "(start this world with --hosts 0 first, so that only one of them takes the messages)",
        ]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    console.print("Ctrl-C ends it.")
