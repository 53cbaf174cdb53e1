"""How many examples the property tests try: few and always the same in the suite, many and new ones on request.

`PROPERTY_EXAMPLES=2000 pytest tests/properties` looks longer: so many examples each, new ones on every run. It also
makes the example that failed as small as it can, which may take minutes; the suite shows it as it was found.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

MANY = int(os.environ.get("PROPERTY_EXAMPLES", "0"))
"""How many examples were asked for; 0 in the suite."""
in_time = pytest.mark.timeout(3600 if MANY else 120)
"""The longest that a test with a profile may take."""


def profile(examples: int, *, steps: int = 50) -> settings:
    """The settings of one test: `examples` in the suite, at most `steps` rules in each where a test has rules.

    A failing example is printed with what repeats it; nothing is kept between runs and no example has a deadline.
    """
    return settings(
        max_examples=MANY or examples,
        stateful_step_count=steps,
        derandomize=not MANY,
        phases=[Phase.generate, Phase.shrink] if MANY else [Phase.generate],
        print_blob=bool(MANY),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
