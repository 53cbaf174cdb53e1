from __future__ import annotations

import pytest

# These hold most assertions: without this a failure would not show what was compared.
pytest.register_assert_rewrite("tests.properties.dataverse_machine", "tests.properties.dataverse_copy")
