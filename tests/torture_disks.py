"""A small disk: a tmpfs where mounting is permitted; elsewhere a folder, and a limit on the size of files."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

SIZE = 16 * 2**20


class Disk:
    """A folder that may be full or read-only."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.filler = folder, folder / "filler"
        self.is_mounted = _mounts("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))

    @contextlib.contextmanager
    def full(self, free: int) -> Iterator[dict[str, int]]:
        """With room for so many bytes; the fault that stands for it, where the disk has more."""
        if not self.is_mounted:
            yield {"largest_file": free}
            return
        usage = os.statvfs(self.folder)
        with self.filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, usage.f_bavail * usage.f_bsize - free))
        yield {}
        self.filler.unlink()

    @contextlib.contextmanager
    def read_only(self) -> Iterator[dict[str, int]]:
        """That nothing can be written to."""
        if self.is_mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)
            yield {}
            subprocess.run(["mount", "-o", "remount,rw", str(self.folder)], check=True)
            return
        folders = [self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        yield {} if os.geteuid() else {"largest_file": 0}  # root writes anywhere
        for folder in folders:
            folder.chmod(0o755)

    def close(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


def _mounts(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0
    except OSError:
        return False
