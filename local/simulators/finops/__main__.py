"""`python -m local.simulators.finops`: the simulator as a process of its own."""

from __future__ import annotations

import argparse

from local.simulators.finops.app import PAGE_SIZE, create_app
from local.simulators.odata.server import serve


def main() -> None:
    """Serve until SIGTERM; prints `READY http://127.0.0.1:<port>` when it listens."""
    parser = argparse.ArgumentParser(prog="python -m local.simulators.finops", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    parser.add_argument("--token-key", type=bytes.fromhex, help="key of the identity endpoint's tokens, hexadecimal")
    parser.add_argument("--company", default="usmf", help="the caller's default company (default: usmf)")
    parser.add_argument("--page-size", type=int, default=PAGE_SIZE, help=f"rows of a page (default: {PAGE_SIZE})")
    arguments = parser.parse_args()
    app = create_app(token_key=arguments.token_key, company=arguments.company, page_size=arguments.page_size)
    serve(app, arguments.port)


if __name__ == "__main__":
    main()
