"""Results by content hash, and run folders: atomic, resumable, complete or absent."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from comity.errors import StorageError

Array = np.ndarray


@cache
def code_digest() -> str:
    """SHA-256 of comity's own source: results of other code are never served."""
    h = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        h.update(path.relative_to(root).as_posix().encode())
        h.update(path.read_bytes())
    return h.hexdigest()


def key(*parts: Any) -> str:
    """The content hash of text, numbers, bytes, arrays and lists or mappings of them."""
    h = hashlib.sha256()

    def add(part: Any) -> None:
        if isinstance(part, np.ndarray):
            h.update(f"array{part.shape}{part.dtype}".encode())
            h.update(np.ascontiguousarray(part).tobytes())
        elif isinstance(part, bytes):
            h.update(b"bytes" + part)
        elif isinstance(part, Mapping):
            h.update(b"{")
            for name in sorted(part):
                add(name)
                add(part[name])
            h.update(b"}")
        elif isinstance(part, list | tuple):
            h.update(b"[")
            for one in part:
                add(one)
            h.update(b"]")
        else:
            h.update(f"{type(part).__name__}:{part!r};".encode())

    add(list(parts))
    return h.hexdigest()


class Cache:
    """Arrays by content hash in a folder. A damaged or half-written entry counts as absent; a full disk is no error here."""

    def __init__(self, folder: Path | None):
        self.folder = folder
        self._memory: dict[str, dict[str, Array]] = {}

    def _path(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / name[:2] / f"{name}.npz"

    def get(self, name: str) -> dict[str, Array] | None:
        """The arrays kept under a hash, or None."""
        path = self._path(name)
        if path is None:
            return self._memory.get(name)
        try:
            with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as kept:
                return {field: kept[field] for field in kept.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def put(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Keep arrays under a hash, atomically. What cannot be written is computed again next time."""
        path = self._path(name)
        if path is None:
            self._memory[name] = dict(arrays)
            return
        buffer = BytesIO()
        np.savez(buffer, allow_pickle=False, **{field: np.asarray(values) for field, values in arrays.items()})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, buffer.getvalue())
        except OSError:
            return

    def get_json(self, name: str) -> Any:
        """The JSON value kept under a hash, or None."""
        kept = self.get(name)
        return None if kept is None else json.loads(kept["json"].tobytes().decode())

    def put_json(self, name: str, value: Any) -> None:
        """Keep a JSON value under a hash."""
        self.put(name, {"json": np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)})


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a run folder for this process; StorageError names the process that holds it."""
    import fcntl

    lock = folder.parent / f".{folder.name}.lock"
    try:
        stream = lock.open("a+")
    except OSError as error:
        raise _explained(error, folder, 0) from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise StorageError(f"{folder}: another run (process {stream.read().strip() or 'unknown'}) is writing there") from None
        stream.truncate(0)
        try:
            stream.write(str(os.getpid()))
            stream.flush()
        except OSError as error:
            raise _explained(error, folder, 0) from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a run folder while a run is computed and written; its parent is made where missing."""
    folder = Path(os.path.abspath(folder))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explained(error, folder, 0) from None
    with _locked(folder):
        yield


MANIFEST = "manifest.json"


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Put a complete set of files in place of a run folder; the old one stays until the new one is whole.

    A folder that exists and is not a run folder (no manifest.json) is refused. Raises StorageError with the reason and
    the space needed; the old result is then intact.
    """
    folder = Path(os.path.abspath(folder))
    size = sum(len(content) for content in files.values())
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder}: is a file, not a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise StorageError(f"{folder}: holds other files and no {MANIFEST}; choose a folder of its own for the run")
    made: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.new-"))
        made.chmod(0o755)
        for name, content in files.items():
            _write(made / name, content)
            (made / name).chmod(0o644)
        _exchange(made, folder)
    except OSError as error:
        raise _explained(error, folder, size) from None
    finally:
        if made is not None and made.exists():
            shutil.rmtree(made, ignore_errors=True)
    return folder


def _exchange(made: Path, folder: Path) -> None:
    """Move the new folder into place; put the old one back if that fails."""
    if not folder.exists():
        os.rename(made, folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old-"))
    os.rename(folder, old / "run")
    try:
        os.rename(made, folder)
    except OSError:
        os.rename(old / "run", folder)
        raise
    finally:
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)


def _explained(error: OSError, folder: Path, size: int) -> StorageError:
    needed = f" ({size / 1e6:.1f} MB are needed)" if size else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(f"{folder}: the disk is full{needed}; what was there before is untouched")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(f"{folder}: may not be written to; choose another with --out")
    return StorageError(f"{folder}: {error.strerror or error}{needed}")
