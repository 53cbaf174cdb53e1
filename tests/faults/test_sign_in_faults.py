"""Signing in as in Azure: storage by identity, both systems by client secret; what is refused is told, no secret is."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import azurite, processes
from local.certificates import make_certificate
from local.identity import APP_ID, TENANT
from local.world import ROOT, World
from tests.faults.faults_world import FLOW, assert_everything_arrived, loaded, runs_of, sample, until_stopped

TOKEN_START = "eyJ"
"""How every JSON web token begins, and so the local ones."""

LOUD = {"AzureFunctionsJobHost__logging__logLevel__default": "Debug"}


@contextmanager
def authority(world: World, secret: str, folder: Path) -> Iterator[tuple[str, str]]:
    """A sign-in authority over TLS whose tokens the world's simulators take; gives its address and its CA file."""
    command = [
        sys.executable, "-m", "local.identity", "--port", "0", "--tls-port", "0", "--cert-dir", str(folder),
        "--token-key", world.token_key.hex(), "--secret", secret,
    ]  # fmt: skip
    with processes.start(command, name="authority", cwd=ROOT) as child:
        _, address, trusted = child.ready[0].split()
        yield address, trusted


def by_secret(address: str, trusted: str, secret: str) -> dict[str, str]:
    """The settings of sign-in by client secret at a local authority."""
    return {
        "SIGN_IN": "client-secret",
        "TENANT_ID": TENANT,
        "CLIENT_ID": APP_ID,
        "CLIENT_SECRET": secret,
        "AUTHORITY": address,
        "INSTANCE_DISCOVERY": "false",
        "CA_BUNDLE": trusted,
        "IDENTITY_ENDPOINT": "",
        "IDENTITY_HEADER": "",
        **LOUD,
    }


def assert_no_secret(log: Path, *known: str) -> None:
    """No token and none of the known secrets is in a log."""
    text = log.read_text(encoding="utf-8")
    assert FLOW in text, "the log says nothing"
    for secret in (TOKEN_START, *known):
        assert secret not in text


def secrets_of(world: World) -> list[str]:
    """What no log of this world may hold."""
    settings = world.settings
    return [azurite.KEY, settings["DIGEST_KEY"], settings["IDENTITY_HEADER"], world.token_key.hex()]


def test_storage_by_identity_over_https_carries_a_whole_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sample(tmp_path / "data", accounts=40)
    certificate = make_certificate(tmp_path / "tls")
    log = tmp_path / "host.log"
    with loaded(data, LOUD, certificate) as world:
        assert "AzureWebJobsStorage" not in world.settings
        world.start_host(log=log)
        # This process looks at the tables with the same identity, which the SDK takes from the environment.
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            monkeypatch.setenv(name, world.settings[name])

        flow = assert_everything_arrived(world, data)

        assert flow.totals.endings["created"] == 40
        assert_no_secret(log, *secrets_of(world))


def test_sign_in_by_client_secret_carries_a_whole_sync(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=40)
    secret = secrets.token_hex(16)
    log = tmp_path / "host.log"
    with loaded(data) as world, authority(world, secret, tmp_path / "tls") as (address, trusted):
        host = world.start_host(settings=by_secret(address, trusted, secret), log=log)

        flow = assert_everything_arrived(world, data)
        world.stop_host(host)  # before the authority, which waits for its open connections

        assert flow.totals.endings["created"] == 40
        assert_no_secret(log, secret, *secrets_of(world))


WRONG = {
    "secret": (
        {"CLIENT_SECRET": "not-the-secret-of-this-app"},
        "The client secret is wrong: give the secret's value (not its id), and check that it has not been replaced.",
    ),
    "tenant": (
        {"TENANT_ID": "99999999-8888-4777-8666-555555555555"},
        "Check the tenant id, and the authority's address if it is not the usual one.",
    ),
}


def test_what_is_wrong_with_a_sign_in_is_shown_on_the_stopped_flow(tmp_path: Path) -> None:
    data = sample(tmp_path / "data", accounts=5)
    secret = secrets.token_hex(16)
    with loaded(data) as world, authority(world, secret, tmp_path / "tls") as (address, trusted):
        for what, (wrong, remedy) in WRONG.items():
            log = tmp_path / f"{what}.log"
            settings = by_secret(address, trusted, secret) | wrong | {"TABLE_PREFIX": f"wrong{what}"}
            host = world.start_host(settings=settings, log=log)
            world_settings = world.settings | {"TABLE_PREFIX": settings["TABLE_PREFIX"]}

            flow = until_stopped(world_settings)

            (issue,) = flow.issues
            assert issue.trouble.code == "flow-stopped"
            assert issue.trouble.cause.startswith(f"Sign-in at {address}/"), "where"
            assert issue.trouble.remedy == remedy
            assert runs_of(host, f"detect_{FLOW}", 1)["failures"], "the host shows a failed run"
            world.stop_host(host)
            assert f"{FLOW} is stopped" in log.read_text(encoding="utf-8")
            assert_no_secret(log, secret, wrong.get("CLIENT_SECRET", secret), *secrets_of(world))
        assert world.admin("sales", "counters")["requests"] == 0, "nobody asks a system without a token"
