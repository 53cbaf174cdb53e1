"""A deployment in mid-load: hosts of the old mapping and of the new one serve the queues together for a while."""

from __future__ import annotations

import shutil
from pathlib import Path

from sync.app import FlowStatus, create_app
from tests.faults.faults_world import (
    FEW_AT_A_TIME,
    FLOW,
    break_requests,
    customers_written,
    eventually,
    loaded,
    mend_requests,
    runs_of,
    sample,
)
from tests.shipped import shipped_mappings

ACCOUNTS = 200
MANY_MESSAGES = {"BATCH_RECORDS": "10", "LINK_PARTITIONS": "32"}
OLD, NEW = "default: Primary,", "default: Head office,"


def test_what_old_hosts_wrote_and_what_they_were_about_to_write_ends_as_the_new_mapping_says(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=ACCOUNTS)
    newer = {"MAPPINGS": str(_new_mappings(tmp_path / "mappings"))}
    with loaded(data, MANY_MESSAGES) as world:
        break_requests(world, "finops", {"delay": 0.3}, match={"method": "POST"})
        old = world.start_host(settings=FEW_AT_A_TIME, lease=15, recovery=0.3)
        eventually(lambda: customers_written(world) >= ACCOUNTS // 4)
        new = world.start_host(settings=newer, lease=15, recovery=0.3)
        runs_of(new, f"apply_{FLOW}", 2)  # it leaves these messages to the old host, which has the timers
        assert _descriptions(world.rows("finops", "CustomersV3")) == {"Primary"}
        world.stop_host(old)
        runs_of(new, f"detect_{FLOW}", 1)
        late = world.start_host(lease=15, recovery=0.3)  # the deployment has not reached all of them
        eventually(lambda: "Head office" in _descriptions(world.rows("finops", "CustomersV3")))
        runs_of(late, f"apply_{FLOW}", 2)
        world.stop_host(late)
        mend_requests(world, "finops")

        app = create_app({**world.settings, **newer})
        flow = eventually(lambda: _quiet(*app.status(FLOW)), seconds=120)

        customers = world.rows("finops", "CustomersV3")
        assert sorted(row["CustomerAccount"] for row in customers) == sorted(
            row["accountnumber"] for row in data.rows("accounts")
        )
        assert _descriptions(customers) == {"Head office"}
        assert flow.totals.close
        assert flow.totals.endings["created"] == ACCOUNTS
        assert not flow.issues
        assert app.connections.outbox.poisoned(FLOW) == 0


def _quiet(flow: FlowStatus) -> FlowStatus | None:
    return flow if flow.settled and flow.backlog == 0 and flow.totals.close else None


def _new_mappings(folder: Path) -> Path:
    """The shipped mappings, but one value is another."""
    shutil.copytree(shipped_mappings(), folder)
    file = folder / "accounts.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(OLD) == 1
    file.write_text(text.replace(OLD, NEW), encoding="utf-8")
    return folder


def _descriptions(customers: list[dict[str, str]]) -> set[str]:
    return {row["AddressDescription"] for row in customers}
