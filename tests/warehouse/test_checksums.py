"""flows/warehouse/checksums.py: whether a published file is, to the bit, the one that was published."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import AS_OF
from running import tool

from flows import build
from flows.pages import integrity
from flows.pages.fetch import Outcome
from flows.warehouse import checksums, connection, publishing


def published(folder: Path, number: int) -> Path:
    final = folder / "final.duckdb"
    publishing.remove(publishing.next_path(final))
    with connection.connect(publishing.next_path(final)) as con:
        con.execute(f"create table t as select n, {number} as number from range(100_000) as r(n)")
    publishing.publish(publishing.next_path(final), final)
    return final


def writable(path: Path) -> Path:
    path.chmod(path.stat().st_mode | stat.S_IWUSR)
    return path


def told(warehouse: Path) -> str:
    """What `compute-limits verify` says of the bytes of a warehouse."""
    (check,) = [check for check in integrity.checks(warehouse.parent, None, warehouse) if "its bytes are" in check.what]
    return "".join(check.wrong)


def test_the_checksum_is_that_of_sha256sum(tmp_path: Path) -> None:
    final = published(tmp_path, 1)
    published(tmp_path, 2)
    # As anybody checks it, without this program.
    asked = subprocess.run(
        [tool("sha256sum", "coreutils"), "-c", checksums.path(final).name],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert asked.stdout == "final.duckdb: OK\n"
    assert {path.name for path in tmp_path.iterdir()} == {"final.duckdb", "final.sha256"}
    assert asked.stderr == ""
    assert told(final) == ""


@pytest.mark.parametrize("seed", range(20))
def test_a_bit_that_is_flipped_is_found(seed: int, tmp_path: Path) -> None:
    final, rng = published(tmp_path, 1), random.Random(seed)
    at, bit = rng.randrange(final.stat().st_size), rng.randrange(8)
    with writable(final).open("r+b") as handle:
        handle.seek(at)
        byte = handle.read(1)[0]
        handle.seek(at)
        handle.write(bytes([byte ^ 1 << bit]))
    assert told(final).startswith(f"{final} is not as it was published: its SHA-256 is ")
    assert told(final).endswith("`compute-limits build --fresh` makes it anew")


def test_a_value_that_is_altered_by_hand_is_found(tmp_path: Path) -> None:
    # DuckDB's own checksums of blocks are right again: it wrote them.
    final = published(tmp_path, 1)
    before = final.stat()
    with duckdb.connect(writable(final)) as con:
        con.execute("update t set number = 3 where n = 77")
    assert "is not as it was published" in told(final)
    assert checksums.altered(final, is_quick=True) == checksums.altered(final) is not None
    # Only who looks at the time alone is deceived by it.
    os.truncate(final, before.st_size)
    os.utime(final, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert checksums.altered(final, is_quick=True) is None
    assert checksums.altered(final) is not None


def test_a_file_that_was_copied_is_read_before_it_is_believed(tmp_path: Path) -> None:
    final = published(tmp_path, 1)
    copy = tmp_path / "elsewhere" / final.name
    copy.parent.mkdir()
    shutil.copyfile(final, copy)
    shutil.copyfile(checksums.path(final), checksums.path(copy))
    os.utime(copy, ns=(0, 0))
    assert checksums.altered(copy, is_quick=True) is None
    with copy.open("r+b") as handle:
        handle.seek(5_000)
        handle.write(b"another")
    os.utime(copy, ns=(0, 0))
    assert checksums.altered(copy, is_quick=True) is not None


def test_an_older_warehouse_has_none_and_that_is_said(tmp_path: Path) -> None:
    final = published(tmp_path, 1)
    checksums.path(final).unlink()
    assert checksums.altered(final) is None
    (check,) = [check for check in integrity.checks(tmp_path, None, final) if "checksum" in check.what]
    assert check == integrity.Check(
        f"{final}: no checksum is recorded (0.3 and before; the next file that is published has one)"
    )


def test_a_publish_that_was_killed_anywhere_leaves_a_file_with_its_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    final = published(tmp_path, 1)
    steps: list[tuple[Any, str]] = [
        (checksums, "of"), (checksums, "add"), (checksums, "_write"), (Path, "replace"), (checksums, "settle"),
    ]  # fmt: skip
    for at, (where, name) in enumerate(steps * 2):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, killed)
            with pytest.raises(Killed):
                published(tmp_path, at)
        assert checksums.altered(final) is None, name
    published(tmp_path, 9)
    assert list(checksums.recorded(final)) == [checksums.of(final)]


@pytest.mark.slow
def test_nothing_is_taken_over_from_what_was_altered(
    tmp_path: Path, warehouse_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "data" / "warehouse" / "x.duckdb"
    final.parent.mkdir(parents=True)
    shutil.copy(warehouse_path, final)
    checksums.add(final, final)
    assert build.unchanged(tmp_path / "raw", shipped, final, AS_OF) is not None
    assert build.to_take_over(final, fresh=False) == (final, [])
    assert build.to_take_over(final, fresh=True) == (None, [])
    with duckdb.connect(writable(final)) as con:
        con.execute("update staging.result set value = value + 2 where source = 'timm' and locator = 'row 2'")
    # Nor is it left as it is, or a copy given other states, and a checksum of its own with them.
    assert build.unchanged(tmp_path / "raw", shipped, final, AS_OF) is None
    failed = Outcome("mlco2", "impact.csv", "https://example.org", "failed", "mlco2: no answer", 0)
    assert build.unchanged(tmp_path / "raw", shipped, final, AS_OF, [failed]) is None
    asked: list[object] = []
    monkeypatch.setattr(build, "_build", lambda *given: asked.append(given[-1]) or [])
    monkeypatch.setattr(build, "validate", lambda *_: ["a warning"])
    monkeypatch.setattr(publishing, "publish", lambda *_: None)
    monkeypatch.setattr(build, "remember", lambda _: asked.append("remembered") or [])
    warnings = build.run(tmp_path / "raw", shipped, final, AS_OF)
    # Nor does the ledger remember what an altered warehouse says, but only what is published in its place.
    assert asked == [None, "remembered"]
    assert warnings == [f"{checksums.altered(final)}; nothing was taken over from it", "a warning"]


def test_what_a_killed_build_left_aside_is_swept(tmp_path: Path) -> None:
    final = published(tmp_path, 1)
    left = tmp_path / "final.next.sha256"
    left.write_text("half")
    with publishing.exclusive(final):
        assert not left.exists()
    assert checksums.altered(final) is None
