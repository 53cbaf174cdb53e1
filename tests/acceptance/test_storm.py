"""F&O refuses everything: the flow is paused after some records, tries again by itself, and brings all through."""

from __future__ import annotations

from sync.app import FlowStatus
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_world import World, many

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

FLOW = "accounts_to_finops"
REFUSED = {"read_only": True, "status": 400, "message": "The period is closed."}
SMALL = {"STORM_RECORDS": "20", "BATCH_RECORDS": "20", "FINOPS_BATCH": "20"}
COUNT = 200


def status(here: Installation) -> FlowStatus:
    """How the flow stands while messages wait: its counts do not close yet."""
    (flow,) = here.app.status(FLOW)
    return flow


def deliver(here: Installation, times: int) -> None:
    for _ in range(times):
        here.deliver_next()


def test_a_storm_pauses_its_flow_and_nothing_is_lost(world: World) -> None:
    world.accounts(many(COUNT))
    world.settle()
    here = world.install(**SMALL)
    world.finops_admin.fault(REFUSED, times=None)
    here.detect()
    deliver(here, 30)

    stands = status(here)
    parked = stands.totals.endings["parked"]
    assert parked < COUNT / 2
    assert stands.state == "paused"
    assert f"{parked} of {parked} records were refused with target-refused" in stands.paused
    assert "It goes on by itself at" in stands.paused

    deliver(here, 30)
    assert status(here).totals.endings["parked"] == parked, "nothing is written meanwhile"

    world.finops_admin.heal()
    later = world.install_later(0.2, **SMALL)
    later.app.sweep(FLOW)
    later.pump()
    done = later.status()
    assert (done.state, len(world.customers())) == ("running", COUNT)
    assert done.totals.close
    assert done.issues == []
