"""`python -m local.host --app DIR`: run a function app on this machine until SIGTERM."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from local.host.errors import HostError
from local.host.host import Host, Timing
from local.host.http import FUNCTION_KEY, MASTER_KEY
from local.serving import ServingError


def main(arguments: list[str] | None = None) -> int:
    """Run the host; return 0 after a clean stop, 1 when the app cannot be run or storage refused the host.

    The second SIGTERM or Ctrl-C ends the process at once.
    """
    options = _parse(arguments)
    timing = Timing(options.hiding, options.lease, options.recovery, options.polling)
    try:
        host = Host(options.app, options.settings, timing, options.port)
    except (HostError, ServingError) as error:
        print(f"The host cannot start:\n{error}", file=sys.stderr, flush=True)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: _on_signal(host, got))
    for name, key in ((FUNCTION_KEY, host.keys.function), (MASTER_KEY, host.keys.master)):
        if name not in os.environ:
            print(f"{name}={key}", file=sys.stderr, flush=True)
    print(f"READY {host.url}\n", end="", flush=True)  # in one write: its functions log already
    host.wait()
    host.stop()
    return 1 if host.failure else 0


def _on_signal(host: Host, number: int) -> None:
    host.ask_to_stop()
    signal.signal(number, signal.SIG_DFL)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="HTTP port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--settings", type=Path, help="JSON file of app settings (default: local.settings.json)")
    parser.add_argument("--hiding", type=_whole(2, 604_800), default=600, help="seconds a message is hidden")
    parser.add_argument("--lease", type=_whole(15, 60), default=60, help="seconds of a timer's lease")
    parser.add_argument("--recovery", type=float, default=60.0, help="seconds between two tries for a timer's lease")
    parser.add_argument("--polling", type=float, help="longest wait of an idle queue, seconds (default: host.json's)")
    return parser.parse_args(arguments)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from {low} to {high}")
        return int(text)

    return whole


if __name__ == "__main__":
    sys.exit(main())
