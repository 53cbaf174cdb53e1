"""What all tests share: none of them fails because the machine is slow, or because somebody has added a flow."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.shipped import shipped_mappings

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# For the apps that are started from here, each in its own process.
os.environ["MAPPINGS"] = str(shipped_mappings())
