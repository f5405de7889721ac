"""The folder beside a local lake that holds what is parked, and the notes of objects in colder tiers.

`tiers/<key>` is the note of an object, `parked/<key>` its bytes as an .xz file. They are trees of their own with the
names of the lake, so that no suffix can meet another object's name or make a name too long.
"""

import hashlib
import lzma
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from tidegate.errors import LakeUnreachable
from tidegate.lake.keys import COLD_MARK
from tidegate.lake.local.notes import Note
from tidegate.lake.local.tree import Tree
from tidegate.lake.staging import StagedObject, reported, sync_path, unreachable

_CHUNK = 1 << 20
_PRESET = 1
"""The fastest: what is parked is mostly Parquet, which is compressed already."""


class ColdFolder:
    """Nothing is made before the first object moves."""

    def __init__(self, root: str, lake: str) -> None:
        """`root` and `lake` are absolute paths."""
        self._root = root
        self._lake = lake
        self.notes = Tree(f"{root}/tiers")
        self._parked = Tree(f"{root}/parked")

    def exists(self) -> bool:
        """Whether any object of this lake ever moved.

        Raises:
            LakeUnreachable: some did, but the folder is not there: they must not look as if they were gone.
        """
        if os.path.isdir(self.notes.root):
            return True
        if os.path.lexists(f"{self._lake}/{COLD_MARK}"):
            raise LakeUnreachable(
                f"the cold folder {self._root!r} of the lake {self._lake!r} is not there",
                hint="Mount it or move it back, or correct cold under [lake] in tidegate.toml.",
            )
        return False

    def prepare(self) -> None:
        """Make the folders that are missing, but never the one around them. Raises LakeUnreachable."""
        if self.exists():
            return
        with reported(f"make the cold folder {self._root!r}"):
            for folder in (self._root, self._parked.root, self.notes.root):
                with suppress(FileExistsError):
                    os.mkdir(folder)
            sync_path(self._root)
            sync_path(os.path.dirname(self._root))
        with reported(f"write to the lake {self._lake!r}"):
            with open(f"{self._lake}/{COLD_MARK}", "wb") as mark:
                os.fsync(mark.fileno())
            sync_path(self._lake)

    def note(self, key: str) -> Note | None:
        """None where there is none. Raises LakeUnreachable, CorruptRecord."""
        path = self.notes.path(key)
        try:
            with open(path, "rb") as file:
                return Note.parse(file.read(), path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise unreachable(f"read {path!r}", error) from error

    def remember(self, key: str, note: Note) -> None:
        with StagedObject(self.notes.root, key) as staged:
            staged.write(note.render())
            staged.publish(if_absent=False)

    def pack(self, key: str, chunks: Iterable[bytes]) -> str:
        """Store the bytes compressed, and read them back; returns their SHA-256.

        Raises:
            LakeUnreachable: the disk is full, or gives back other bytes.
        """
        digest, compressor = hashlib.sha256(), lzma.LZMACompressor(preset=_PRESET)
        with StagedObject(self._parked.root, key) as staged:
            for chunk in chunks:
                digest.update(chunk)
                staged.write(compressor.compress(chunk))
            staged.write(compressor.flush())
            staged.publish(if_absent=False)
        if self.sha256(key) != digest.hexdigest():
            raise LakeUnreachable(
                f"the cold folder {self._root!r} does not give back what was written for {key!r}",
                hint="Check the disk; the object itself is untouched.",
            )
        return digest.hexdigest()

    def unpack(self, key: str) -> Iterator[bytes]:
        """The parked bytes of an object, in chunks. Raises LakeUnreachable: they are gone or damaged."""
        path = self._parked.path(key)
        try:
            with lzma.open(path) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except (lzma.LZMAError, EOFError) as error:
            raise LakeUnreachable(
                f"the parked bytes {path!r} are damaged: {error}",
                hint="Restore the file from a backup of the cold folder.",
            ) from error
        except OSError as error:
            raise unreachable(f"read the parked bytes {path!r}", error) from error

    def sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        for chunk in self.unpack(key):
            digest.update(chunk)
        return digest.hexdigest()

    def forget(self, keys: Iterable[str]) -> None:
        """Remove notes."""
        self.notes.remove(keys)

    def drop(self, keys: Iterable[str]) -> None:
        """Remove parked bytes."""
        self._parked.remove(keys)
