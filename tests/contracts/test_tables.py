"""What only Table storage can do wrong: lost answers, other settings, later versions, refusals of the service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.data.tables import TableClient, UpdateMode

from local import azurite
from local.certificates import make_certificate
from sync.errors import ConfigError, Transient
from sync.model import Claim, Issue, Link, Trouble, Watermark
from sync.ports import AlreadyTallied, Stale
from sync.stores.queues import QueueOutbox
from sync.stores.tables import (
    TableGates,
    TableIssues,
    TableLinks,
    TableNumbers,
    TableStorage,
    TableWaiting,
    TableWatermarks,
)
from sync.stores.tables.table import Put, check_filter
from tests.contracts.contract_builders import FLOW, MAPPING, guids, store, tally
from tests.contracts.losing_proxy import LosingProxy


@pytest.fixture
def storage(connection: str, prefix: str) -> Iterator[TableStorage]:
    storage = TableStorage.from_connection_string(connection, prefix=prefix)
    yield storage
    storage.close()


@pytest.fixture
def links(storage: TableStorage) -> TableLinks:
    return TableLinks(storage)


@pytest.fixture
def proxy(connection: str) -> Iterator[LosingProxy]:
    with LosingProxy(connection) as proxy:
        yield proxy


@pytest.fixture
def distant(proxy: LosingProxy, prefix: str) -> Iterator[TableStorage]:
    storage = TableStorage.from_connection_string(proxy.connection, prefix=prefix)
    yield storage
    storage.close()


# Lost answers: the write was done, but whoever sent it was not told.


@pytest.mark.parametrize("how", ["silence", "503"])
def test_a_commit_whose_answer_is_lost_is_known_to_be_done(
    links: TableLinks, distant: TableStorage, proxy: LosingProxy, how: str
) -> None:
    ids = guids(links, 30)
    written = store(links, ids)
    far = TableLinks(distant)
    far.read(MAPPING, 3, ids[:1])
    proxy.lose_next("$batch", how)

    committed = far.write(MAPPING, 3, [replace(link, hash="new") for link in written], tally())

    assert proxy.lost == 1
    assert list(links.read(MAPPING, 3, ids).values()) == committed
    assert [link.hash for link in far.write(MAPPING, 3, [replace(committed[7], hash="next")])] == ["next"]


@pytest.mark.parametrize("how", ["silence", "503"])
def test_a_new_link_whose_answer_is_lost_is_ours(
    links: TableLinks, distant: TableStorage, proxy: LosingProxy, how: str
) -> None:
    [id] = guids(links, 1)
    far = TableLinks(distant)
    far.read(MAPPING, 3, [id])
    proxy.lose_next("$batch", how)

    [link] = far.write(MAPPING, 3, [Link(id, hash="mine")])

    assert links.read(MAPPING, 3, [id]) == {id: link}


def test_a_rivals_change_after_a_lost_answer_is_not_written_over(
    links: TableLinks, distant: TableStorage, proxy: LosingProxy
) -> None:
    """The answer to a claim is lost; before it is looked for, another worker sets `again` on one of the links."""
    ids = guids(links, 2)
    far = TableLinks(distant)
    far.read(MAPPING, 3, ids)
    claim = Claim("us", datetime(2030, 1, 1, tzinfo=UTC))

    def rival() -> None:
        [second] = links.read(MAPPING, 3, ids[1:]).values()
        links.write(MAPPING, 3, [replace(second, again=True)])

    proxy.lose_next("$batch", "silence", then=rival)
    first, second = far.write(MAPPING, 3, [Link(id, claim=claim) for id in ids])

    assert far.write(MAPPING, 3, [replace(first, claim=None)])
    with pytest.raises(Stale) as stale:
        far.write(MAPPING, 3, [replace(second, claim=None)])
    assert stale.value.ids == (ids[1],)
    assert links.read(MAPPING, 3, ids[1:])[ids[1]].again


def test_a_tally_of_another_delivery_is_not_taken_for_ones_own(
    links: TableLinks, distant: TableStorage, proxy: LosingProxy
) -> None:
    far = TableLinks(distant)
    far.read(MAPPING, 3, ["x"])
    links.write(MAPPING, 3, [], tally())
    proxy.lose_next("$batch", "silence")
    with pytest.raises((AlreadyTallied, Transient)):
        far.write(MAPPING, 3, [], tally())


def test_a_write_that_was_not_done_is_transient_when_the_service_falls_silent(
    links: TableLinks, distant: TableStorage, proxy: LosingProxy
) -> None:
    [id] = guids(links, 1)
    far = TableLinks(distant)
    far.read(MAPPING, 3, [id])
    proxy.refuse_next("$batch")

    with pytest.raises(Transient, match="no answer"):
        far.write(MAPPING, 3, [Link(id)])

    assert links.read(MAPPING, 3, [id]) == {}


def test_a_watermark_whose_answer_is_lost_is_moved_and_a_number_is_skipped(
    distant: TableStorage, proxy: LosingProxy
) -> None:
    watermarks, numbers = TableWatermarks(distant), TableNumbers(distant)
    watermark = watermarks.save(Watermark(FLOW))
    proxy.lose_next("$batch", "silence")
    moved = watermarks.save(replace(watermark, step=1))
    assert watermarks.read(FLOW) == moved

    taken = [numbers.take("c", 1, first=1)]
    proxy.lose_next("$batch", "silence")
    taken += [numbers.take("c", 1, first=1), numbers.take("c", 1, first=1)]
    assert taken == sorted(set(taken))


# Settings and versions.


def test_partitions_cannot_change_after_the_first_use(storage: TableStorage) -> None:
    TableLinks(storage, partitions=8).read(MAPPING, 0, ["a"])
    TableWaiting(storage, partitions=8).awaiting(["a:b"])

    with pytest.raises(
        ConfigError, match=r"begun with 8 partitions, the app is set to 16.*Set LINK_PARTITIONS back to 8"
    ):
        TableLinks(storage, partitions=16).read(MAPPING, 0, ["a"])
    with pytest.raises(ConfigError, match="begun with 8 partitions"):
        TableWaiting(storage, partitions=16).awaiting(["a:b"])
    TableLinks(storage, partitions=8).read(MAPPING, 0, ["a"])


@pytest.mark.parametrize("partitions", [0, 101])
def test_a_number_of_partitions_that_no_table_takes_is_refused(storage: TableStorage, partitions: int) -> None:
    with pytest.raises(ValueError, match="1 to 100 partitions"):
        TableLinks(storage, partitions=partitions)


def raw(connection: str, prefix: str, name: str) -> TableClient:
    return TableClient.from_connection_string(connection, f"{prefix}{name}")


def test_what_a_later_version_wrote_beside_ours_survives(
    links: TableLinks, storage: TableStorage, connection: str, prefix: str
) -> None:
    [id] = guids(links, 1)
    store(links, [id], hash="1")
    client = raw(connection, prefix, "links")
    [row] = client.query_entities("hash eq '1'")
    client.update_entity(row | {"colour": "blue"}, mode=UpdateMode.MERGE)

    links.write(MAPPING, 3, [replace(links.read(MAPPING, 3, [id])[id], hash="")])

    [row] = client.query_entities("colour eq 'blue'")
    assert row["hash"] == ""


def test_a_row_in_a_later_format_stops_the_flow(links: TableLinks, connection: str, prefix: str) -> None:
    [id] = guids(links, 1)
    store(links, [id], hash="1")
    client = raw(connection, prefix, "links")
    [row] = client.query_entities("hash eq '1'")
    client.update_entity(row | {"format": 2}, mode=UpdateMode.MERGE)

    with pytest.raises(ConfigError, match=r"format 2.*Deploy the newer version"):
        links.read(MAPPING, 3, [id])


def test_a_new_link_stores_only_what_it_says(links: TableLinks, connection: str, prefix: str) -> None:
    [id] = guids(links, 1)
    store(links, [id], hash="1")
    [row] = raw(connection, prefix, "links").query_entities("hash eq '1'")
    assert set(row) == {"PartitionKey", "RowKey", "hash", "seq", "write"}
    assert row["PartitionKey"] == "accounts-03"
    assert row["RowKey"].startswith("s:")


# What Azure refuses and Azurite does not.


def test_a_filter_of_more_than_15_comparisons_is_refused() -> None:
    def filter(count: int) -> str:
        return " or ".join(f"RowKey eq 'a eq b and c lt d {number}'" for number in range(count))

    check_filter(filter(15))
    with pytest.raises(ValueError, match="takes 15 comparisons, this one has 16"):
        check_filter(filter(16))


def test_a_transaction_of_more_than_100_operations_is_refused_before_it_is_sent(storage: TableStorage) -> None:
    table = storage.table("links")
    table.get("p", "k")
    before = storage.operations.counts["table"]
    with pytest.raises(ValueError, match="takes 100 operations, not 101"):
        table.transact("p", [Put(f"k{number}", {"v": 1}) for number in range(101)])
    assert storage.operations.counts["table"] == before


# How many requests.


def test_close_links_cost_a_request_or_two_and_absent_ones_one(links: TableLinks, storage: TableStorage) -> None:
    ids = sorted(guids(links, 600), key=lambda id: id.split("-")[::-1])
    store(links, ids[:400])

    def requests_for(wanted: list[str]) -> int:
        before = storage.operations.counts["table"]
        links.read(MAPPING, 3, wanted)
        return storage.operations.counts["table"] - before

    assert requests_for(ids[:396]) == 1
    assert requests_for(ids[500:]) == 1
    assert requests_for(ids[::100]) == 6


def test_the_waiters_of_99_links_cost_one_request(storage: TableStorage, links: TableLinks) -> None:
    waiting = TableWaiting(storage)
    names = [f"accounts:{id}" for id in guids(links, 99)]
    waiting.awaiting(names[:1])
    before = storage.operations.counts["table"]
    assert waiting.awaiting(names) == []
    assert storage.operations.counts["table"] - before == 1


def test_a_chunk_holds_its_target_keys_in_one_request(storage: TableStorage, links: TableLinks) -> None:
    links.reserve(MAPPING, {"usmf|first": "id"})
    before = storage.operations.counts["table"]
    assert links.reserve(MAPPING, {f"usmf|c{number:06d}": f"id {number}" for number in range(99)}) == {}
    assert storage.operations.counts["table"] - before == 1


def test_the_gates_of_both_systems_cost_one_request(storage: TableStorage) -> None:
    gates = TableGates(storage, monotonic=lambda: 0.0)
    gates.shut("finops", 1000)
    before = storage.operations.counts["table"]

    assert gates.delay("sales") == 0.0
    assert gates.delay("finops") > 900

    assert storage.operations.counts["table"] - before == 1


# The service refuses, or is not there.


def test_a_wrong_key_is_a_fault_of_the_setup(connection: str, prefix: str) -> None:
    wrong = connection.replace("AccountKey=Eby8", "AccountKey=AAAA")
    with pytest.raises(ConfigError, match="Storage Table Data Contributor") as refused:
        TableLinks(TableStorage.from_connection_string(wrong, prefix=prefix)).read(MAPPING, 0, ["a"])
    assert "AAAA" not in str(refused.value)
    with pytest.raises(ConfigError, match="Storage Queue Data"):
        QueueOutbox.from_connection_string(wrong, {FLOW: f"{prefix}-q"}).depth(FLOW)


def test_a_netrc_file_does_not_replace_the_signature(
    connection: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    storage = TableStorage.from_connection_string(connection, prefix=prefix)
    assert TableWatermarks(storage).read(FLOW) == Watermark(FLOW)


@pytest.mark.parametrize("text", ["", "nonsense", "AccountName=x;AccountKey=c2VjcmV0"])
def test_a_connection_string_that_cannot_be_used_is_told(text: str) -> None:
    if "AccountName" not in text:
        with pytest.raises(ConfigError, match="Set a whole connection string"):
            TableStorage.from_connection_string(text)
    with pytest.raises(ConfigError, match="Set a whole connection string"):
        QueueOutbox.from_connection_string(text and "nonsense", {})


def test_of_an_address_with_a_signature_only_the_host_is_told(prefix: str) -> None:
    text = (
        "TableEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;SharedAccessSignature=sv=1&sig=c2VjcmV0"
    )
    outbox = QueueOutbox.from_connection_string(text, {"f": f"{prefix}-f"})
    storage = TableStorage.from_connection_string(text, prefix=prefix)
    for ask in (storage.clock.now, lambda: outbox.depth("f")):
        with pytest.raises(Transient, match=r"at 127\.0\.0\.1:9 cannot be reached") as told:
            ask()
        assert "sig" not in f"{told.value} {told.value.details}"


def test_a_token_over_plain_http_is_refused() -> None:
    with pytest.raises(ConfigError, match="https"):
        TableStorage.from_endpoint("http://127.0.0.1:1/account", _Credential())


def test_a_service_that_is_not_there_is_transient(prefix: str) -> None:
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/a;"
    storage = TableStorage.from_connection_string(nowhere, prefix=prefix)
    with pytest.raises(
        Transient, match=r"service at 127\.0\.0\.1:9 cannot be reached\. .* setting AzureWebJobsStorage "
    ):
        storage.clock.now()


def test_a_table_that_is_deleted_under_the_app_stops_it(links: TableLinks, connection: str, prefix: str) -> None:
    links.read(MAPPING, 3, ["a"])
    raw(connection, prefix, "links").delete_table()
    with pytest.raises(ConfigError, match=r"TableNotFound.*backup"):
        links.read(MAPPING, 3, ["a"])
    with pytest.raises(ConfigError, match=r"TableNotFound.*backup"):
        links.write(MAPPING, 3, [], tally())


def test_the_clock_is_that_of_the_service(storage: TableStorage, connection: str) -> None:
    now = storage.clock.now()
    endpoint = next(part for part in connection.split(";") if part.startswith("TableEndpoint=")).partition("=")[2]
    date = parsedate_to_datetime(requests.get(endpoint, timeout=10).headers["Date"])
    assert abs((date - now).total_seconds()) < 60
    assert now.tzinfo is UTC


class _Credential:
    """A token as Azurite's basic OAuth takes it: it checks issuer, audience and times, not the signature."""

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        import time

        import jwt

        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/t/",
            "iat": now,
            "nbf": now - 60,
            "exp": now + 3600,
        }
        return AccessToken(jwt.encode(claims, "x" * 32, algorithm="HS256"), now + 3600)


def test_tables_and_queues_work_with_a_managed_identity_over_https(tmp_path: Path, prefix: str) -> None:
    certificate = make_certificate(tmp_path)
    with azurite.start(certificate=certificate) as store:
        verify = str(certificate.cert)
        storage = TableStorage.from_endpoint(store.table, _Credential(), prefix=prefix, verify=verify)
        issues = TableIssues(storage)
        issues.put([Issue(FLOW, 3, "id", Trouble("code", "cause"), 1)])
        assert [issue.id for issue in issues.open(FLOW)] == ["id"]

        outbox = QueueOutbox.from_endpoint(
            store.queue, _Credential(), {FLOW: f"{prefix}-q"}, operations=storage.operations, verify=verify
        )
        assert outbox.depth(FLOW) == 0
        assert storage.operations.counts["queue"] == 3
        storage.close()
        outbox.close()
