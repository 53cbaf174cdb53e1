"""Worlds that are kept running: each has a folder of its own, and is found as long as it runs."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.running import Addresses, RunningError, claimed_folder, tell, world, worlds
from tests.local.running_child import child_with_a_world

HERE = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3", "header", ("http://127.0.0.1:4",))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[int]:
    """The process id of another process that has claimed a folder, the first one."""
    with child_with_a_world(tmp_path) as process:
        yield process.pid


def test_a_world_is_found_once_it_is_told_and_not_when_it_has_ended(tmp_path: Path) -> None:
    with claimed_folder(tmp_path) as folder:
        assert folder == tmp_path
        with pytest.raises(RunningError, match="local up"):
            world(base=tmp_path)
        tell(folder, HERE)
        assert world(base=tmp_path) == HERE
        assert stat.S_IMODE((folder / "world.json").stat().st_mode) == 0o600, "it holds a key"
    assert worlds(tmp_path) == []
    with pytest.raises(RunningError, match="No world"):
        world(base=tmp_path)


def test_a_second_world_writes_over_nothing_of_the_first(tmp_path: Path, other: int) -> None:
    with claimed_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        tell(folder, HERE)
        with pytest.raises(RunningError, match=rf"--world .*{other}"):
            world(base=tmp_path)
        assert world(other, base=tmp_path) != HERE
        (mine,) = [each for each in worlds(tmp_path) if each.process != other]
        assert (world(mine.process, base=tmp_path), mine.folder) == (HERE, folder)
    assert not folder.exists()
    assert [each.process for each in worlds(tmp_path)] == [other]


def test_what_a_killed_world_left_is_no_world_and_makes_room_for_the_next(tmp_path: Path) -> None:
    with child_with_a_world(tmp_path) as process:
        process.kill()
        process.wait()
        assert (tmp_path / "world.json").exists()
        assert worlds(tmp_path) == []
        with claimed_folder(tmp_path) as folder:
            assert folder == tmp_path


def test_a_process_that_only_has_the_number_of_a_world_is_none(tmp_path: Path) -> None:
    with claimed_folder(tmp_path) as folder:
        tell(folder, HERE)
        file = folder / "world.json"
        told = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**told, "started": told["started"] - 1}), encoding="utf-8")
        assert worlds(tmp_path) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"process": "x", "started": 1}'])
def test_a_file_that_no_world_wrote_is_no_world(tmp_path: Path, content: str) -> None:
    (tmp_path / "world.json").write_text(content, encoding="utf-8")
    assert worlds(tmp_path) == []
