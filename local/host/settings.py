"""App settings: where they come from, how `%NAME%` and nested names are looked up (functions-host.md 2, 4, 6.2)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from local.host.errors import HostError

_NAME = re.compile(r"%([^%]*)%")


class UnknownSettingError(LookupError):
    """A `%NAME%` names a setting that does not exist or is empty."""


class Settings:
    """App settings as the host reads them: names ignore case, and `:` equals `__`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {_normal(name): value for name, value in values.items()}

    def get(self, name: str) -> str | None:
        """The value of a setting; None when it is missing or empty."""
        return self._values.get(_normal(name)) or None

    def is_true(self, name: str) -> bool:
        """Whether a switch is on: `1` or `true`, ignoring case."""
        return (self.get(name) or "").lower() in ("1", "true")

    def group(self, name: str) -> dict[str, str]:
        """The settings `NAME__*`, keyed by what follows, in lower case. Empty values are left out."""
        prefix = _normal(name) + "__"
        return {key[len(prefix) :]: value for key, value in self._values.items() if key.startswith(prefix) and value}

    def expand(self, text: str) -> str:
        """`text` with every `%NAME%` replaced by its setting. Raises UnknownSettingError with the name."""

        def value_of(match: re.Match[str]) -> str:
            value = self.get(match[1])
            if value is None:
                raise UnknownSettingError(match[1])
            return value

        return _NAME.sub(value_of, text)


def load_settings(app: Path, file: Path | None = None, environment: MutableMapping[str, str] | None = None) -> Settings:
    """Read the settings of the app in folder `app` and export them to the environment, which the functions read.

    `file` (or `local.settings.json` in the app's folder, when there is one) holds them as the Functions tools do, under
    `Values`, or as one flat object. What the environment already has is kept. Raises HostError for a file that cannot
    be used.
    """
    environment = os.environ if environment is None else environment
    path = file or app / "local.settings.json"
    if file is not None or path.exists():
        for name, value in _read(path).items():
            environment.setdefault(name.replace(":", "__"), value)
    return Settings(environment)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds one object. Raises HostError naming the file, the place and the remedy."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise HostError(f"{path} does not exist. Create it, or name another file.") from error
    except ValueError as error:
        raise HostError(f"{path} is not valid JSON: {error}. Mend it there.") from error
    if not isinstance(content, dict):
        raise HostError(f"{path} must hold a JSON object, not {type(content).__name__}.")
    return content


def _read(path: Path) -> dict[str, str]:
    content = read_json(path)
    if content.get("IsEncrypted"):
        raise HostError(f"{path} is encrypted (IsEncrypted is true). Decrypt it: `func settings decrypt`.")
    values = content.get("Values", content)
    if not isinstance(values, dict):
        raise HostError(f"{path}: `Values` must be an object of names and texts.")
    wrong = [name for name, value in values.items() if not _is_plain(value) and name != "IsEncrypted"]
    if wrong:
        raise HostError(*(f"{path}: the setting {name} must be a text. Put its value in quotes." for name in wrong))
    return {name: str(value) for name, value in values.items() if name != "IsEncrypted"}


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _normal(name: str) -> str:
    return name.replace(":", "__").lower()
