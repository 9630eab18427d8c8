"""Results by content hash and run folders: whole or absent, whatever happens. Kill and full disk are real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from comity.errors import StorageError
from comity.store import Cache, claimed, key, write_folder

OLD = {"manifest.json": b"{}", "brief.html": b"old"}


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.parent.iterdir() if p.name.startswith(f".{folder.name}.new")]


def test_keys_tell_values_types_shapes_and_nesting_apart() -> None:
    a = np.arange(6.0)
    different = [
        key(a),
        key(a.reshape(2, 3)),
        key(a.astype(np.float32)),
        key([a]),
        key("1"),
        key(1),
        key(1.0),
        key(True),
        key({"a": 1}),
    ]
    different += [key(["ab"]), key(["a", "b"]), key({"a": {"b": 1}}), key({"a": 1, "b": 1})]
    assert len(set(different)) == len(different)
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    b = a.copy()
    b[3] = np.nextafter(b[3], 9)
    assert key(a) != key(b)


def test_cache_gives_back_what_was_put_and_nothing_else(tmp_path: Path) -> None:
    for cache in (Cache(tmp_path), Cache(None)):
        assert cache.get("00ff") is None
        cache.put("00ff", {"x": np.array([1.5, np.pi])})
        kept = cache.get("00ff")
        assert kept is not None
        np.testing.assert_array_equal(kept["x"], [1.5, np.pi])
        cache.put_json("11ff", {"имя": [1, None, "ә"]})
        assert cache.get_json("11ff") == {"имя": [1, None, "ә"]}


def test_a_damaged_entry_counts_as_absent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("abcd", {"x": np.arange(1000.0)})
    path = tmp_path / "ab" / "abcd.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert cache.get("abcd") is None
    path.write_bytes(b"")
    assert cache.get("abcd") is None
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes(bytes(flipped))
    assert cache.get("abcd") is None


def test_a_pickle_posing_as_an_entry_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "ab" / "abcd.npz"
    path.parent.mkdir()
    np.savez(path, x=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert Cache(tmp_path).get("abcd") is None


def test_a_run_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "run"
    write_folder(folder, OLD | {"gone.csv": b"1"})
    write_folder(folder, {"manifest.json": b"{}", "brief.html": b"new"})
    assert read(folder) == {"manifest.json": b"{}", "brief.html": b"new"}
    assert not leftovers(folder)


def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StorageError, match="holds other files"):
        write_folder(tmp_path, OLD)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    with pytest.raises(StorageError, match="is a file"):
        write_folder(tmp_path / "thesis.tex", OLD)


KILLED = """
import sys
from pathlib import Path
from comity.store import write_folder
folder = Path(sys.argv[1])
files = {f"{k:04d}.bin": bytes(200_000) for k in range(2000)}
print("writing", flush=True)
write_folder(folder, {"manifest.json": b"{}", **files})
"""


def test_kill_while_writing_leaves_the_old_result(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_folder(folder, OLD)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        begun = [p for p in tmp_path.glob(".run.new-*") if len(list(p.iterdir())) > 3]
        if begun:
            break
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert begun, "the writer was not seen at work"
    assert read(folder) == OLD
    write_folder(folder, {"manifest.json": b"{}", "brief.html": b"after"})
    assert read(folder)["brief.html"] == b"after"


def test_full_disk_names_the_space_needed_and_leaves_the_old_result(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True).returncode
    ):
        pytest.skip("a small disk can be mounted by root only")
    try:
        folder = disk / "run"
        write_folder(folder, OLD)
        with pytest.raises(StorageError, match=r"disk is full \(1\.0 MB are needed\); what was there before is untouched"):
            write_folder(folder, {"manifest.json": b"{}", "brief.html": bytes(1_000_000)})
        assert read(folder) == OLD
        assert not leftovers(folder)
        cache = Cache(disk / "cache")
        cache.put("aaaa", {"x": np.zeros(1_000_000)})
        assert cache.get("aaaa") is None
    finally:
        subprocess.run(["umount", disk], check=True)


def test_read_only_folder_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a read-only disk can be mounted by root only")
    try:
        with pytest.raises(StorageError, match="may not be written to"):
            write_folder(disk / "run", OLD)
        with pytest.raises(StorageError, match="may not be written to"), claimed(disk / "run"):
            pass
    finally:
        subprocess.run(["umount", disk], check=True)


HOLDER = """
import sys
from pathlib import Path
from comity.store import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_runs_in_one_folder_name_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert first.stdout is not None
    assert first.stdin is not None
    first.stdout.readline()
    with pytest.raises(StorageError, match=f"another run \\(process {first.pid}\\)"), claimed(folder):
        pass
    first.stdin.close()
    first.wait()
    first.stdout.close()
    with claimed(folder):
        write_folder(folder, OLD)
    assert read(folder) == OLD
