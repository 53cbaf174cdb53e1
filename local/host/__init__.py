"""A Functions host for one machine: runs a real function app as Azure would (functions-host.md 1, 2, 3, 4, 6).

It loads `function_app.py` through Microsoft's worker library and gives queue, timer and HTTP triggers the semantics of
the real host: hiding, renewal and poison of messages, one timer at a time over all processes, routes and keys. Not
here: output and input bindings, other triggers, scaling, the function timeout, retry policies.
"""
