"""A timer that writes each tick to a file."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()
SEEN = Path(os.environ["SEEN_FILE"])


@app.timer_trigger(
    arg_name="timer",
    schedule="%SCHEDULE%",
    run_on_startup=os.environ.get("RUN_ON_STARTUP") == "true",
    use_monitor=True,
)
def tick(timer: func.TimerRequest) -> None:
    with SEEN.open("a", encoding="utf-8") as file:
        status = getattr(timer, "schedule_status", None)
        facts = {"pid": os.getpid(), "at": time.time(), "past_due": timer.past_due, "status": status}
        file.write(json.dumps(facts) + "\n")
    time.sleep(float(os.environ.get("TICK_SECONDS", "0")))
