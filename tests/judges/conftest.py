"""The worlds of the judges: a server a module, a fresh simulator a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.judges import judges_world as worlds
from tests.judges.judges_world import Community, FinopsClient, Microsoft, MicrosoftAsync, World, honest


@pytest.fixture(scope="module")
def microsoft_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World[Microsoft]]:
    with worlds.microsoft_worlds(tmp_path_factory.mktemp("certificate")) as opened:
        yield opened


@pytest.fixture
def microsoft(microsoft_world: World[Microsoft]) -> Iterator[Microsoft]:
    with microsoft_world(honest) as world:
        yield world


@pytest.fixture(scope="module")
def async_world() -> Iterator[World[MicrosoftAsync]]:
    with worlds.async_worlds() as opened:
        yield opened


@pytest.fixture
def microsoft_async(async_world: World[MicrosoftAsync]) -> Iterator[MicrosoftAsync]:
    with async_world(honest) as world:
        yield world


@pytest.fixture(scope="module")
def community_world() -> Iterator[World[Community]]:
    with worlds.community_worlds() as opened:
        yield opened


@pytest.fixture
def community(community_world: World[Community]) -> Iterator[Community]:
    with community_world(honest) as world:
        yield world


@pytest.fixture(scope="module")
def finops_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World[FinopsClient]]:
    with worlds.finops_worlds(tmp_path_factory.mktemp("metadata")) as opened:
        yield opened


@pytest.fixture
def finops(finops_world: World[FinopsClient]) -> Iterator[FinopsClient]:
    with finops_world(honest) as world:
        yield world
