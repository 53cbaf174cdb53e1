"""`python -m local.simulators.dataverse`: the simulator as a process of its own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from local.simulators.dataverse.app import LARGEST_PAGE, create_app
from local.simulators.dataverse.own_tables import TableFileError
from local.simulators.odata.server import serve


def main() -> None:
    """Serve until SIGTERM; prints `READY http://127.0.0.1:<port>` when it listens."""
    parser = argparse.ArgumentParser(prog="python -m local.simulators.dataverse", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--token-key", type=bytes.fromhex, help="key of bearer tokens, in hex; without it any will do")
    parser.add_argument("--page-size", type=int, default=LARGEST_PAGE, help="most rows of a page, at most 5000")
    parser.add_argument("--organization-id", help="Guid of the organisation; one and the same if left out")
    parser.add_argument("--p2c-solution", action="store_true", help="with the columns of Prospect to cash")
    parser.add_argument("--tables", type=Path, help="folder of tables of the organisation's own, as *.toml")
    given = parser.parse_args()
    try:
        app = create_app(
            token_key=given.token_key,
            page_size=given.page_size,
            organization_id=given.organization_id,
            p2c_solution=given.p2c_solution,
            own_tables=given.tables,
        )
    except TableFileError as error:
        sys.exit(f"The tables of {given.tables} cannot be used.\n{error}")
    serve(app, given.port)


if __name__ == "__main__":
    main()
