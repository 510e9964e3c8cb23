"""Files that are there whole or not at all, and that say when they were damaged."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


class Damaged(Exception):
    """A file does not hold what was written into it."""


def write_whole(path: Path, kind: str, content: bytes) -> None:
    """Write a file so that whoever opens it, now or after a crash, finds it old or new, not half.

    Before the content stand its ``kind`` and its SHA-256, for `read_whole`. It is written under
    another name, forced to the disk, and renamed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"{kind}\n{hashlib.sha256(content).hexdigest()}\n".encode()
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(head + content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name, too, is to outlive a crash
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_whole(path: Path, kind: str) -> bytes:
    """What `write_whole` wrote, or `Damaged`, saying how.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "note"
    ...     write_whole(path, "a note", b"hello")
    ...     content = read_whole(path, "a note")
    ...     _ = path.write_bytes(path.read_bytes()[:-1])
    ...     read_whole(path, "a note")
    Traceback (most recent call last):
        ...
    wselab.streaming.training.files.Damaged: its content is not what was written: 4 bytes that do \
not fit their checksum
    >>> content
    b'hello'
    """
    parts = path.read_bytes().split(b"\n", 2)
    if len(parts) < 3 or parts[0] != kind.encode():
        raise Damaged(f"it does not begin as {kind} does")
    if hashlib.sha256(parts[2]).hexdigest().encode() != parts[1]:
        size = len(parts[2])
        raise Damaged(
            f"its content is not what was written: {size} bytes that do not fit their checksum"
        )
    return parts[2]
