"""HTTP functions: routes, keys, answers."""

from __future__ import annotations

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="items/{id:int}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def item(req: func.HttpRequest) -> func.HttpResponse:
    facts = {
        "route": dict(req.route_params),
        "query": dict(req.params),
        "method": req.method,
        "url": req.url,
        "body": req.get_body().decode(),
        "header": req.headers.get("X-Test"),
    }
    return func.HttpResponse(json.dumps(facts), mimetype="application/json", headers={"Set-Cookie": "seen=1; Path=/"})


@app.route(route="items/special", auth_level=func.AuthLevel.ANONYMOUS)
def special(req: func.HttpRequest) -> str:
    return "special"


@app.route(route="files/{*rest}", auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.route_params.get("rest", "none"), status_code=203)


@app.route(route="maybe/{part?}", auth_level=func.AuthLevel.ANONYMOUS)
async def maybe(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.route_params.get("part", "without"))


@app.route()
def secret(req: func.HttpRequest) -> str:
    return "opened"


@app.route(auth_level=func.AuthLevel.ADMIN)
def master(req: func.HttpRequest) -> str:
    return "opened"


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> str:
    raise RuntimeError("a bug")
