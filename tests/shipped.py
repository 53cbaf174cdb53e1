"""The mapping files that the project ships, without those that an installation has added to its folder."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("accounts", "contact_customers", "contacts", "products", "quotes")
"""The files of pairs of tables, each of which makes one flow."""

_AROUND = ("settings.yaml", "transforms.py", "values", "schema")


@functools.cache
def shipped_mappings() -> Path:
    """A folder with the shipped files and all that they need, for as long as the process lives."""
    kept = tempfile.TemporaryDirectory(prefix="shipped-")
    _KEPT.append(kept)
    folder = Path(kept.name) / "mappings"
    folder.mkdir()
    for name in (*(f"{name}.yaml" for name in SHIPPED), *_AROUND):
        source = ROOT / "mappings" / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder)
    return folder


_KEPT: list[tempfile.TemporaryDirectory[str]] = []
