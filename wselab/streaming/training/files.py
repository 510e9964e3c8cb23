"""Files that are there whole or not at all, and that say when they were damaged."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path


class Damaged(Exception):
    """A file does not hold what was written into it."""


class OtherVersion(Exception):
    """A file is of the right kind, and of a version that is not read."""


def write_whole(path: Path, kind: str, content: bytes) -> None:
    """Write a file so that whoever opens it, now or after a crash, finds it old or new, not half.

    Before the content stand its ``kind``, its size and its SHA-256, for `read_whole`. It is written
    under another name, forced to the disk, and renamed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"{kind}\n{len(content)} {hashlib.sha256(content).hexdigest()}\n".encode()
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
    """What `write_whole` wrote; `Damaged`, saying how, or `OtherVersion`, which is not read.

    ``kind`` ends with the number of its version: "wselab note 2".

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "note"
    ...     write_whole(path, "a note 1", b"hello")
    ...     content = read_whole(path, "a note 1")
    ...     _ = path.write_bytes(path.read_bytes()[:-1])
    ...     read_whole(path, "a note 1")
    Traceback (most recent call last):
        ...
    wselab.streaming.training.files.Damaged: it is cut off: 4 of 5 bytes of its content are there
    >>> content
    b'hello'
    """
    begins, *rest = path.read_bytes().split(b"\n", 2)
    written = begins.decode("ascii", "replace")
    if written != kind:
        name, version = kind.rsplit(" ", 1)
        if re.fullmatch(rf"{re.escape(name)} \d{{1,4}}", written):
            raise OtherVersion(f"it is a {written}; this version of the course reads {version}")
        raise Damaged(f"it does not begin with the words {kind!r}, as it was written")
    found = re.fullmatch(rb"(\d{1,18}) ([0-9a-f]{64})", rest[0]) if len(rest) == 2 else None
    if found is None:
        raise Damaged("it is cut off or changed in its first lines")
    size, content = int(found[1]), rest[1]
    if len(content) < size:
        raise Damaged(f"it is cut off: {len(content):,} of {size:,} bytes of its content are there")
    if hashlib.sha256(content).hexdigest().encode() != found[2]:
        longer = f", and there are {len(content):,}" if len(content) > size else ""
        raise Damaged(
            f"its content is not what was written: the checksum of {size:,} bytes differs{longer}"
        )
    return content
