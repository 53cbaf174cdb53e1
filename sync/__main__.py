"""`python -m sync`."""

from __future__ import annotations

import sys

try:
    from sync.cli import main
except ModuleNotFoundError as error:
    if error.name not in ("click", "rich"):
        raise
    sys.exit(f"{error.name} is missing: the command line needs `pip install -e '.[cli]'`.")

main(prog_name="python -m sync")
