"""An app with one fault, chosen by a setting."""

from __future__ import annotations

import importlib
import os

import azure.functions as func

app = func.FunctionApp()
FAULT = os.environ["FAULT"]

if FAULT == "import":
    importlib.import_module("a_module_that_does_not_exist")

if FAULT == "queue":

    @app.queue_trigger(arg_name="msg", queue_name="%NO_SUCH_SETTING%", connection="AzureWebJobsStorage")
    def on_message(msg: func.QueueMessage) -> None:
        """Never runs."""


if FAULT == "connection":

    @app.queue_trigger(arg_name="msg", queue_name="fine", connection="NoSuchConnection")
    def on_unconnected(msg: func.QueueMessage) -> None:
        """Never runs."""


if FAULT in ("cron", "queue"):

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 * * 7")
    def on_sunday(timer: func.TimerRequest) -> None:
        """Never runs."""


if FAULT == "output":

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 * * *")
    @app.queue_output(arg_name="out", queue_name="elsewhere", connection="AzureWebJobsStorage")
    def on_output(timer: func.TimerRequest, out: func.Out[str]) -> None:
        """Never runs."""
