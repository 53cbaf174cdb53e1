"""A queue function whose messages say what to do; what it saw is written as lines of a file."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()
SEEN = Path(os.environ["SEEN_FILE"])
logger = logging.getLogger(__name__)


def note(**facts: object) -> None:
    """Append one line; a single write of a short line is not torn."""
    with SEEN.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"pid": os.getpid(), "at": time.time(), **facts}) + "\n")


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
def work(msg: func.QueueMessage) -> None:
    body = msg.get_body().decode()
    inserted = msg.insertion_time.isoformat() if msg.insertion_time else None
    note(event="begin", body=body, id=msg.id, dequeue_count=msg.dequeue_count, inserted=inserted)
    logger.info("working on %s", body)
    if body.startswith("sleep "):
        time.sleep(float(body.split()[1]))
    if body == "fail":
        raise RuntimeError("this one fails")
    note(event="end", body=body)


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%-async", connection="AzureWebJobsStorage")
async def work_async(msg: func.QueueMessage) -> None:
    note(event="async", body=msg.get_body().decode())


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%-poison", connection="AzureWebJobsStorage")
def bury(msg: func.QueueMessage) -> None:
    note(event="buried", body=msg.get_body().decode(errors="replace"))
