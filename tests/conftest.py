"""What all tests share: none of them fails because the machine is slow, or because somebody has added a flow."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, settings

from tests.shipped import shipped_mappings

FIRST_FRESH = "EXPLORER_FIRST_FRESH"
"""The first of the seeds that the explorer runs besides those that it always runs: drawn anew for every run of the
tests, and the same in all processes of one."""

os.environ.setdefault(FIRST_FRESH, str(random.SystemRandom().randrange(10**6, 10**9)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """CI prints which worlds it ran."""
    terminalreporter.write_line(f"explorer: fresh worlds from seed {os.environ[FIRST_FRESH]} ({FIRST_FRESH}=...)")


settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# For the apps that are started from here, each in its own process.
os.environ["MAPPINGS"] = str(shipped_mappings())
