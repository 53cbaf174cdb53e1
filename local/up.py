"""`python -m local up`: the world kept running, for exploring with curl and browsers, and for `func start`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

from rich.console import Console

from local import running
from local.data.folder import DataFolder
from local.data.generate import sample
from local.running import Addresses
from local.world import ROOT, World

SETTINGS = "local.settings.json"


def run(data: Path | None, *, hosts: int, tables: Path | None = None, console: Console) -> int:
    """Start the world, print where everything is, wait for Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    with tempfile.TemporaryDirectory() as scratch, running.claimed_folder() as folder:
        entered = data or Path(scratch) / "sample"
        if data is None:
            sample(entered)
        source = DataFolder(entered)
        for note in source.notes():
            console.print(note, markup=False, highlight=False, soft_wrap=True)
        with World(company=source.company, tables=tables) as world:
            world.enter(source)
            world.admin("sales", "clock", {"advance": 3600})  # the data was entered an hour ago
            for number in range(hosts):
                world.start_host(log=_empty(_log(folder, number)))
            running.write_private(folder / SETTINGS, _settings(world))
            running.tell(folder, _addresses(world))
            console.print("\n".join(_lines(world, folder)), markup=False, highlight=False, soft_wrap=True)
            stop.wait()
    console.print("Stopped.")
    return 0


def _log(folder: Path, number: int) -> Path:
    return folder / f"host-{number + 1}.log"


def _empty(log: Path) -> Path:
    """The log without what a world before this one wrote."""
    log.unlink(missing_ok=True)
    return log


def _settings(world: World) -> str:
    """The app settings of this world as a local.settings.json."""
    return json.dumps({"IsEncrypted": False, "Values": world.settings}, indent=2) + "\n"


def _addresses(world: World) -> Addresses:
    return Addresses(
        sales=world.sales_url,
        finops=world.finops_url,
        identity=world.settings["IDENTITY_ENDPOINT"],
        identity_header=world.settings["IDENTITY_HEADER"],
        hosts=tuple(host.url for host in world.hosts),
        function_key=world.hosts[0].function_key if world.hosts else "",
    )


def _lines(world: World, folder: Path) -> list[str]:
    """The addresses, how to call them, and what to do where Core Tools are installed."""
    settings = _shown(folder / SETTINGS)
    python = _shown(Path(sys.executable))
    alone = folder == running.FOLDER
    lines = [
        f"Sales (Dataverse)  {world.sales_url}/api/data/v9.2/",
        f"F&O                {world.finops_url}/data/",
        *(
            f"Functions host     {host.url}   log: {_shown(_log(folder, number))}"
            for number, host in enumerate(world.hosts)
        ),
        f"App settings       {settings}",
        "",
        "Addresses and tokens for a shell (tokens are good for an hour), then for example:",
        f'eval "$({python} -m local sim {"" if alone else f"--world {os.getpid()} "}env)"',
        "curl -H \"Authorization: Bearer $SALES_TOKEN\" \"$SALES/accounts?\\$top=2&\\$select=name\"",
        "curl -H \"Authorization: Bearer $FINOPS_TOKEN\" "
        "\"$FINOPS/CustomersV3?\\$top=2&\\$select=CustomerAccount&cross-company=true\"",
    ]  # fmt: skip
    if world.hosts:
        lines.append('curl -H "x-functions-key: $FUNCTION_KEY" "$HOST/api/counters"')
    lines += ["", f"{python} -m sync --settings {settings} status", "More examples: docs/how-to/explore.md", ""]
    if not alone:
        lines += [f"Another world runs already. The files of this one are in {_shown(folder)} as long as it runs.", ""]
    if shutil.which("func"):
        lines += [
            "Azure Functions Core Tools are here. To run the app in them instead of our own host:",
            f"cp {settings} {SETTINGS} && func start",
            "(start this world with --hosts 0 first, so that only one of them takes the messages)",
        ]
    return [*lines, "Ctrl-C ends it."]


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
