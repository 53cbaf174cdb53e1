"""The Azure Functions app: for each flow a detect and a sweep timer, an apply queue function and a poison function.

An entry point parses, calls and ends. Settings that make no sense stop the host at once, so that no queued message
burns its deliveries; a mapping file with problems stops its own flow only.
"""

from __future__ import annotations

import json
import logging

import azure.functions as func

from sync.app import App, FlowBinding, create_app

log = logging.getLogger("prospect_to_cash")
logging.getLogger("azure").setLevel(logging.WARNING)  # the storage SDK tells every request with its keys

sync_app = create_app()
app = func.FunctionApp()


def register(functions: func.FunctionApp, app: App, flow: FlowBinding) -> None:
    """The four functions of one flow."""

    @functions.function_name(f"detect_{flow.name}")
    @functions.timer_trigger(arg_name="timer", schedule=flow.schedule, use_monitor=True)
    def detect(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
        app.detect(flow.name)

    @functions.function_name(f"sweep_{flow.name}")
    @functions.timer_trigger(arg_name="timer", schedule=flow.sweep_schedule, use_monitor=True)
    def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
        app.sweep(flow.name)
        app.compare_daily(flow.name)

    @functions.function_name(f"apply_{flow.name}")
    @functions.queue_trigger("message", flow.queue, app.storage_connection)
    def apply(message: func.QueueMessage) -> None:
        app.deliver(flow.name, _text(message), message.dequeue_count or 1)

    @functions.function_name(f"poison_{flow.name}")
    @functions.queue_trigger("message", f"{flow.queue}-poison", app.storage_connection)
    def poison(message: func.QueueMessage) -> None:
        app.deliver_poison(flow.name, _text(message))


def _text(message: func.QueueMessage) -> str:
    """The body as text; what is no UTF-8 is left to the engine, which makes an issue of it."""
    return message.get_body().decode(errors="replace")


@app.function_name("counters")
@app.route(route="counters", trigger_arg_name="request", methods=("GET",), auth_level=func.AuthLevel.FUNCTION)
def counters(request: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the host passes it
    """What this process has sent: requests by system, storage operations by service."""
    return func.HttpResponse(json.dumps(sync_app.counters()), mimetype="application/json")


for binding in sync_app.bindings:
    register(app, sync_app, binding)
for stopped in sync_app.stopped:
    log.error("%s is stopped: %s", stopped.name, stopped.reason)
