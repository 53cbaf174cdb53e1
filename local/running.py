"""The worlds that `python -m local up` keeps running on this machine, and the folder with what belongs to each.

The first has `.local` itself; one that is started while another runs has a folder of its own below it, so that neither
writes over the other's settings. `world.json` in the folder says where everything is, for `python -m local sim`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

FOLDER = Path(__file__).resolve().parents[1] / ".local"
_FILE = "world.json"


class RunningError(RuntimeError):
    """There is no such running world; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a world is: base addresses without a slash at the end, and what it takes to be let in."""

    sales: str
    finops: str
    identity: str
    identity_header: str
    hosts: tuple[str, ...] = ()
    function_key: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A world whose process lives; `addresses` are missing while it starts."""

    process: int
    folder: Path
    addresses: Addresses | None


@contextmanager
def claimed_folder(base: Path = FOLDER) -> Iterator[Path]:
    """The folder of the world that this process starts: only this user may read it, as it comes to hold keys."""
    base.mkdir(mode=0o700, exist_ok=True)
    _forget_the_dead(base)
    folder = base
    if not _claim(base):
        folder = base / str(os.getpid())
        folder.mkdir(mode=0o700)
        _claim(folder)
    try:
        yield folder
    finally:
        (folder / _FILE).unlink(missing_ok=True)
        if folder != base:
            shutil.rmtree(folder)


def tell(folder: Path, addresses: Addresses) -> None:
    """Write where the world of this process is into its folder."""
    write_private(folder / _FILE, json.dumps({**_myself(), "addresses": asdict(addresses)}, indent=2) + "\n")


def worlds(base: Path = FOLDER) -> list[Running]:
    """Every world of this machine that runs, the one of `.local` first."""
    files = [base / _FILE, *sorted(base.glob(f"*/{_FILE}"))]
    return [found for file in files if (found := _read(file)) is not None]


def world(process: int | None = None, base: Path = FOLDER) -> Addresses:
    """Where the running world is, or the one of this process id. Raises RunningError when that is not one world."""
    ready = {each.process: each.addresses for each in worlds(base) if each.addresses is not None}
    if process is not None:
        ready = {number: addresses for number, addresses in ready.items() if number == process}
    if len(ready) == 1:
        return next(iter(ready.values()))
    if ready:
        numbers = " or ".join(map(str, ready))
        raise RunningError(f"More than one world runs. Say which, right after `sim`: --world {numbers}.")
    which = "No world is" if process is None else f"No world of process {process} is"
    raise RunningError(f"{which} ready. Start one with `python -m local up`, or give a simulator's address.")


def write_private(file: Path, text: str) -> None:
    """Write a file as a whole; only this user may read it."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        written.write(text)
    draft.replace(file)


def _claim(folder: Path) -> bool:
    try:
        with os.fdopen(os.open(folder / _FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(_myself()))
    except FileExistsError:
        return False
    return True


def _forget_the_dead(base: Path) -> None:
    """Remove what worlds left that were killed."""
    for file in [base / _FILE, *base.glob(f"*/{_FILE}")]:
        if file.exists() and _read(file) is None:
            file.unlink(missing_ok=True)
            if file.parent != base:
                shutil.rmtree(file.parent, ignore_errors=True)


def _myself() -> dict[str, Any]:
    return {"process": os.getpid(), "started": psutil.Process().create_time()}


def _read(file: Path) -> Running | None:
    """The world of a file, or None when its process is gone; a number that another process has now does not count."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        alive = psutil.Process(told["process"]).create_time() == told["started"]
    except (OSError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
        return None
    if not alive:
        return None
    addresses = told.get("addresses")
    if addresses is not None:
        addresses = Addresses(**{**addresses, "hosts": tuple(addresses["hosts"])})
    return Running(told["process"], file.parent, addresses)
