"""The settings that mapping files declare, with the values an installation gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sync.mapping.form import is_day, is_time_zone
from sync.mapping.problems import Problem
from sync.mapping.schema import Setting
from sync.mapping.values import ValueMap
from sync.mapping.words import FromSetting, Value


class SettingValues:
    """Declared settings and their values. `read` collects the names that a plan really asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.read: set[str] = set()

    def text(self, name: str) -> str:
        """A setting's value; "" when it has none."""
        self.read.add(name)
        return self._values[name]

    def value(self, given: Value | FromSetting | None) -> Value | None:
        """A value as written in a row; a setting without a value is blank."""
        if isinstance(given, FromSetting):
            return self.text(given.setting) or None
        return given

    def content(self) -> dict[str, str]:
        """What was read, for the definition of a plan."""
        return {name: self._values[name] for name in sorted(self.read)}


def resolve(
    declared: Iterable[Setting], given: Mapping[str, str], maps: Mapping[str, ValueMap]
) -> tuple[dict[str, str], list[Problem]]:
    """The value of every declared setting, and the values that are not allowed. Other settings are ignored."""
    values: dict[str, str] = {}
    problems: list[Problem] = []
    # Those that may take another one's value come after it.
    for setting in sorted(declared, key=lambda setting: setting.same_as is not None):
        value = given.get(setting.name, setting.default).strip()
        if not value and setting.same_as is not None:
            value = values.get(setting.same_as, "")
        if setting.allowed is not None:
            spelled = {allowed.casefold(): allowed for allowed in setting.allowed}
            if value.casefold() not in spelled:
                remedy = f"Set it to one of: {', '.join(text or '""' for text in setting.allowed)}."
                problems.append(_problem(setting, value, remedy))
            value = spelled.get(value.casefold(), setting.default)
        if setting.values is not None and value:
            table = maps.get(setting.values)
            if table is not None and table.find(value) is None:
                problems.append(_problem(setting, value, f"Set it to a value that values/{table.name}.yaml knows."))
        if setting.takes is not None and value and not _FORMS[setting.takes][0](value):
            problems.append(_problem(setting, value, f"Set it to {_FORMS[setting.takes][1]}."))
            value = setting.default
        if setting.required and not value:
            others = f" (or {app_setting(setting.same_as)})" if setting.same_as else ""
            remedy = f"Set {app_setting(setting.name)}{others}: {setting.title}."
            problems.append(Problem(_place(setting), 0, 0, "the setting has no value", remedy))
        values[setting.name] = value
    return values, problems


_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "day": (is_day, "a day: today, today+5d, or a date such as 2026-05-01"),
    "time_zone": (is_time_zone, "the name of a time zone, such as Europe/Berlin"),
}
"""What a setting may have to be, and how to write it."""


def _problem(setting: Setting, value: str, remedy: str) -> Problem:
    return Problem(_place(setting), 0, 0, f'"{value}" is not allowed', remedy)


def _place(setting: Setting) -> str:
    return f"setting {setting.name} ({app_setting(setting.name)})"


def app_setting(name: str) -> str:
    """The app setting that holds a setting: accounts.customer_group is ACCOUNTS__CUSTOMER_GROUP."""
    return name.upper().replace(".", "__")
