"""What is written from the settings: the example of local.settings.json and the reference page.

python -m sync.refresh
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from sync.mapping.load import load_all
from sync.mapping.schema import Setting
from sync.mapping.settings import app_setting
from sync.setting_check import flow_names
from sync.settings import FLOW_SETTINGS, Settings, flow_switches

COMMAND = "python -m sync.refresh"
EXAMPLE = Path("local.settings.example.json")
PAGE = Path("docs/reference/settings.md")
HOST = {
    "FUNCTIONS_WORKER_RUNTIME": "python",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}
"""Settings of the Functions host, with what they are locally."""

LOCAL = {
    "sales_url": "https://contoso.crm4.dynamics.com",
    "finops_url": "https://contoso.operations.dynamics.com",
    "company": "usmf",
    "digest_key": "change-me",
}
"""What the example says where there is no default."""


def refreshed(root: Path) -> dict[Path, str]:
    """The files that depend on the settings, as they should be."""
    return {root / EXAMPLE: _example(root), root / PAGE: _page(root)}


def _example(root: Path) -> str:
    values = dict(HOST)
    for name, field in Settings.model_fields.items():
        values[name.upper()] = LOCAL.get(name, _default(field))
    settings = Settings.model_validate({**LOCAL, "digest_key": SecretStr("x" * 32)})
    for flow in flow_names(load_all(root / "mappings")):
        switches = flow_switches(flow, settings, {}, whole=flow.endswith("_to_sales"))  # F&O is read whole
        texts = (str(switches.enabled).lower(), switches.schedule, switches.queue)
        values |= {f"{flow.upper()}__{name}": text for name, text in zip(FLOW_SETTINGS, texts, strict=True)}
    for setting in _declared(root):
        values.setdefault(app_setting(setting.name), setting.default)
    return json.dumps({"IsEncrypted": False, "Values": values}, indent=2, ensure_ascii=False) + "\n"


def _page(root: Path) -> str:
    lines = [
        "# Settings",
        "",
        f"Written by `{COMMAND}` from `sync/settings.py` and the mapping files. All are app settings (environment",
        "variables); an empty default means: not set. `local.settings.example.json` lists every one of them once.",
        "",
        "## The app",
        "",
        "| Setting | Default | Meaning |",
        "|---|---|---|",
        *(f"| `{name.upper()}` | {_shown(field)} | {field.description} |" for name, field in _fields()),
        "",
        "## Each flow",
        "",
        "`<FLOW>` is the flow's name in capitals, such as `ACCOUNTS_TO_FINOPS`.",
        "",
        "| Setting | Meaning |",
        "|---|---|",
        *(f"| `<FLOW>__{name}` | {meaning} |" for name, meaning in FLOW_SETTINGS.items()),
        "",
        "## The mapping files",
        "",
        "| Setting | In a mapping file | Default | Meaning |",
        "|---|---|---|---|",
        *_rows(_declared(root)),
        "",
        "## The Functions host",
        "",
        "`AzureWebJobsStorage` is the storage connection: a connection string locally, in Azure",
        "`AzureWebJobsStorage__accountName` (or `__queueServiceUri`, `__tableServiceUri` and `__blobServiceUri`) with",
        "a managed identity. `AzureWebJobs.<function>.Disabled` = `true` switches one function off.",
    ]
    return "\n".join(lines) + "\n"


def _rows(settings: list[Setting]) -> Iterator[str]:
    for setting in settings:
        default = f"`{setting.default}`" if setting.default else ""
        values = ", ".join(f"`{value}`" for value in setting.allowed or () if value)
        allowed = f" One of {values}." if values else ""
        yield f"| `{app_setting(setting.name)}` | `{setting.name}` | {default} | {setting.title}.{allowed} |"


def _fields() -> list[tuple[str, FieldInfo]]:
    return list(Settings.model_fields.items())


def _shown(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    text = _default(field)
    return f"`{text}`" if text else ""


def _default(field: FieldInfo) -> str:
    default = field.default
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    return (
        f"{default:g}"
        if isinstance(default, float)
        else str(default).lower()
        if isinstance(default, bool)
        else str(default)
    )


def _declared(root: Path) -> list[Setting]:
    result = load_all(root / "mappings")
    settings = {setting.name: setting for loaded in result.loaded for setting in loaded.settings}
    return sorted(settings.values(), key=lambda setting: ("." in setting.name, setting.name))


def main() -> None:
    """Write what has changed, and say so."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Write what follows from the settings of the app and of the mapping files: "
        "local.settings.example.json and docs/reference/settings.md.",
        epilog="Run it in the project's folder after a change of them, and commit what it writes. It prints each file "
        "that it has changed; the tests fail as long as one is out of date.",
    )
    parser.parse_args()
    root = Path.cwd()
    if not (root / "mappings").is_dir():
        parser.error(f"{root} is not the project's folder: it has no mappings. Go there first.")
    for path, text in refreshed(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(root)}\n")


if __name__ == "__main__":
    main()
