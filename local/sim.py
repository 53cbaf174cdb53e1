"""`python -m local sim`: the admin side of a running simulator from the command line."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import click

from local.admin_client import SYSTEMS, admin, request, world_addresses

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([+-]?\d+(?:\.\d+)?)([smhd]?)")


class Seconds(click.ParamType[float]):
    """A time span: 90, 90s, 15m, 2h or 8d."""

    name = "time span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        found = _DURATION.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no time span; write 90, 90s, 15m, 2h or 8d; 0.05 for 50 milliseconds.", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


class Moment(click.ParamType[float | str]):
    """A moment of the simulator's clock: a time with its zone, or a time span from now on."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Seconds from now, or the time as text."""
        found = _DURATION.fullmatch(str(value))
        return Seconds().convert(value, param, ctx) if found else str(value)


@click.group(
    epilog="""\b
Examples:
  python -m local sim fault sales --path accounts --status 503 --retry-after 5 --times 3
  python -m local sim fault finops --to 10m --status 429 --growth 30s
  python -m local sim fault sales --method POST --every 4 --drop after
  python -m local sim latency finops --request 0.05 --row-written 0.01 --jitter 0.3
  python -m local sim clock sales --advance 8d
  python -m local sim switches finops infolog_language=de
  python -m local sim clear sales
"""
)
@click.option("--world", type=int, envvar="LOCAL_WORLD", help="Process id of a world, where more than one runs.")
@click.pass_context
def sim(context: click.Context, world: int | None) -> None:
    """Ask a running simulator for faults, latency, another time; look at its counters and rows.

    SYSTEM is sales or finops of the world that `python -m local up` keeps running, or a simulator's address.
    A TIME SPAN is a number of seconds, or 90s, 15m, 2h, 8d (seconds, minutes, hours, days).
    """
    context.obj = world


def system(command: Callable[..., None]) -> Callable[..., None]:
    """The argument that says which simulator."""
    return click.argument("system", metavar="SYSTEM")(command)


@sim.command()
@click.pass_obj
def env(world: int | None) -> None:
    """Print export lines for a shell: addresses, and tokens from the identity endpoint.

    \b
    eval "$(python -m local sim env)"
    """
    addresses = world_addresses(world)
    lines = {"SALES": f"{addresses.sales}/api/data/v9.2", "FINOPS": f"{addresses.finops}/data"}
    for system in SYSTEMS:
        answer = request(
            "GET", addresses.identity,
            params={"api-version": "2019-08-01", "resource": getattr(addresses, system)},
            headers={"X-IDENTITY-HEADER": addresses.identity_header},
        )  # fmt: skip
        lines[f"{system.upper()}_TOKEN"] = answer["access_token"]
    lines |= {"SALES_ADMIN": f"{addresses.sales}/admin", "FINOPS_ADMIN": f"{addresses.finops}/admin"}
    if addresses.hosts:
        lines |= {"HOST": addresses.hosts[0], "FUNCTION_KEY": addresses.function_key}
    for name, value in lines.items():
        click.echo(f"export {name}={shlex.quote(value)}")


@sim.command()
@system
@click.pass_obj
def faults(world: int | None, /, system: str) -> None:
    """List the faults of a simulator."""
    _show_faults(admin(world, system, "GET", "faults"))


@sim.command()
@system
@click.option("--method", help="Only requests with this method, such as POST.")
@click.option("--path", help="Only requests with this text in path and query.")
@click.option("--first-token", is_flag=True, help="Only requests with the token of the first one that comes.")
@click.option("--token-older-than", type=Seconds(), help="Only requests with a token issued that long ago.")
@click.option("--after", type=int, help="Let so many requests pass first.")
@click.option("--every", type=int, help="Only every so many-th request.")
@click.option("--times", help="How often, or `forever`, the default with --every, --from, --to, a token, --read-only.")
@click.option("--from", type=Moment(), help="From this time on, or in so long.")
@click.option("--to", type=Moment(), help="Until this time, or for so long; a 429 or 503 asks to wait until then.")
@click.option("--growth", type=Seconds(), help="Each request pushed back moves the end by so long.")
@click.option("--delay", type=Seconds(), help="Wait before anything else.")
@click.option("--status", type=int, help="Answer with this status instead of working.")
@click.option("--retry-after", type=int, help="With --status: seconds in Retry-After.")
@click.option("--html", is_flag=True, help="With --status: a gateway's page.")
@click.option("--code", help="With --status: the error code.")
@click.option("--message", help="With --status: the error's text.")
@click.option("--drop", type=click.Choice(["before", "after"]), help="Close the connection before or after the work.")
@click.option("--hang", type=click.Choice(["before", "after"]), help="Never answer, before or after the work.")
@click.option("--cut", type=int, help="Send only so many bytes of the answer.")
@click.option("--repeat", is_flag=True, help="Begin a page with the last record of the page before.")
@click.option("--read-only", is_flag=True, help="Refuse every write, in batches too; reads go on.")
@click.pass_obj
def fault(world: int | None, /, system: str, times: str | None, **given: Any) -> None:
    """Set up a fault: which requests, when, how often, and what happens to them."""
    wanted = {name: value for name, value in given.items() if value is not None and value is not False}
    match: dict[str, Any] = {
        name: wanted.pop(name) for name in ("method", "path", "token_older_than") if name in wanted
    }
    if wanted.pop("first_token", False):
        match |= {"token": "first"}
    body: dict[str, Any] = {
        name: wanted.pop(name) for name in ("after", "every", "from", "to", "growth") if name in wanted
    }
    if times is not None:
        body["times"] = None if times == "forever" else _number(times)
    body |= {"match": match, "action": wanted} if match else {"action": wanted}
    number = admin(world, system, "POST", "faults", body)["id"]
    _show_faults([each for each in admin(world, system, "GET", "faults") if each["id"] == number])


@sim.command()
@system
@click.argument("number", type=int, required=False)
@click.pass_obj
def clear(world: int | None, /, system: str, number: int | None) -> None:
    """Remove all faults, or the one with this number."""
    path = "faults" if number is None else f"faults/{number}"
    _show_faults(admin(world, system, "DELETE", path))


@sim.command()
@system
@click.option("--request", type=Seconds(), help="Time of each request.")
@click.option("--operation", type=Seconds(), help="Time of each operation of a batch.")
@click.option("--row-read", type=Seconds(), help="Time of each row that an answer holds.")
@click.option("--row-written", type=Seconds(), help="Time of each row that is really written.")
@click.option("--jitter", type=float, help="Greatest share by which a request takes more or less, from 0 to 1.")
@click.option("--seed", type=int, help="Where the jitter starts.")
@click.option("--no-wait", is_flag=True, help="Only count the time, for limits; answer at once.")
@click.option("--off", is_flag=True, help="No latency any more.")
@click.pass_obj
def latency(world: int | None, /, system: str, no_wait: bool, off: bool, **given: Any) -> None:
    """Show how long requests take, or set it."""
    wanted = {name: value for name, value in given.items() if value is not None} | ({"wait": False} if no_wait else {})
    if off and wanted:
        raise click.UsageError("--off takes no other option.")
    method = "DELETE" if off else "POST" if wanted else "GET"
    _show(admin(world, system, method, "latency", wanted or None) or {"latency": "none"})


@sim.command()
@system
@click.option("--advance", type=Seconds(), help="Move the clock by so long; negative: back.")
@click.option("--set", "moment", help="Set it to a time with its zone, such as 2030-01-01T12:00:00Z.")
@click.option("--offset", type=Seconds(), help="Let it differ from this machine's clock by so long.")
@click.option("--reset", is_flag=True, help="Back to this machine's time.")
@click.pass_obj
def clock(world: int | None, /, system: str, moment: str | None, reset: bool, **given: Any) -> None:
    """Show the simulator's clock, or set it: the Date of its answers and the times of its rows."""
    wanted = {name: value for name, value in {**given, "set": moment}.items() if value is not None}
    if len(wanted) + reset > 1:
        raise click.UsageError("Give one of --advance, --set, --offset and --reset.")
    method = "DELETE" if reset else "POST" if wanted else "GET"
    _show(admin(world, system, method, "clock", wanted or None))


@sim.command()
@system
@click.argument("settings", metavar="[NAME=VALUE]...", nargs=-1)
@click.pass_obj
def switches(world: int | None, /, system: str, settings: tuple[str, ...]) -> None:
    """List the switches, or set some; a list is written no_read=accounts,contacts."""
    known = admin(world, system, "GET", "switches")
    if settings:
        _show(admin(world, system, "POST", "switches", dict(_switch(setting, known) for setting in settings)))
        return
    _show(known, remarks=_choices(known, admin(world, system, "GET", "switches/allowed")))


@sim.command()
@system
@click.option("--reset", is_flag=True, help="Set all to zero.")
@click.pass_obj
def counters(world: int | None, /, system: str, reset: bool) -> None:
    """Show what the simulator counted."""
    _show(admin(world, system, *(("POST", "counters/reset") if reset else ("GET", "counters"))))


@sim.command()
@system
@click.argument("name", metavar="SET")
@click.option("--columns", help="Only these, with commas between them.")
@click.option("--limit", type=click.IntRange(0), help="Only so many rows.")
@click.pass_obj
def rows(world: int | None, /, system: str, name: str, columns: str | None, limit: int | None) -> None:
    """Print the rows of an entity set as stored, one JSON object a line."""
    query = f"?columns={columns}" if columns else ""
    for row in admin(world, system, "GET", f"rows/{name}{query}")[:limit]:
        click.echo(json.dumps(row, ensure_ascii=False))


def _switch(setting: str, known: dict[str, Any]) -> tuple[str, Any]:
    """A switch and its value in the type that it has now; the simulator says no to what it does not know."""
    name, equals, text = setting.partition("=")
    if not equals:
        raise click.UsageError(f"{setting!r} is no switch with a value; write NAME=VALUE.")
    match known.get(name):
        case bool():
            return name, {"true": True, "false": False}.get(text.lower(), text)
        case int() | float() if _is_number(text):
            return name, json.loads(text)
        case list():
            return name, [each for each in text.split(",") if each]
    return name, text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise click.UsageError(f"--times is a whole number or `forever`, not {text!r}.") from None


def _choices(known: dict[str, Any], allowed: dict[str, list[Any]]) -> dict[str, str]:
    """What a switch can be set to, where that is a choice; lists are made of names that are too many to show."""
    return {
        name: f"  (one of {', '.join(map(str, values))})"
        for name, values in allowed.items()
        if not isinstance(known[name], list)
    }


def _show(found: dict[str, Any], *, remarks: dict[str, str] | None = None) -> None:
    """One line for each name; what holds several is JSON."""
    width = max(map(len, found), default=0)
    for name, value in found.items():
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        click.echo(f"{name:{width}}  {told}{(remarks or {}).get(name, '')}")


def _show_faults(found: list[dict[str, Any]]) -> None:
    """One line for each fault: its number, and the rest as it was described."""
    for each in found:
        click.echo(f"{each.pop('id')}  {json.dumps(each, ensure_ascii=False)}")
    if not found:
        click.echo("No faults.")
