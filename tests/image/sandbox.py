"""Runs an image's root file system as a container runtime would, with util-linux alone.

A new mount, process and IPC namespace; the root bound read-only; a tmpfs on /tmp, the state
folder, /proc and a minimal /dev the only other mounts; the image's user, no capability, no way to
regain one. The network is the machine's own, so that a broker on loopback is in reach. All mounts
belong to the namespace and are gone with its last process.
"""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from image.builder import ImageConfig

_ENTER: Final = """
set -e
root=$1 state=$2 home=$3 user=$4; shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro,nosuid,nodev "$root"
mount -t tmpfs -o size=256m,mode=1777,nosuid,nodev tmpfs "$root/tmp"
mount --bind "$state" "$root$home"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o size=64k,mode=755,nosuid,noexec tmpfs "$root/dev"
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -o remount,ro "$root/dev"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
"""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One image on one state folder.

    Attributes
    ----------
    root : Path
        The image's root file system.
    state : Path
        Writable folder, mounted on the image's working directory.
    config : ImageConfig
        User, environment and commands of the image.
    """

    root: Path
    state: Path
    config: ImageConfig

    def command(self, arguments: list[str], environment: dict[str, str]) -> list[str]:
        """Spell out how to run `arguments` inside; the environment is the image's and the given."""
        variables = self.config.environment | environment
        return [
            # Nothing outlives the test, however it ends. Twice, since a change of user clears it.
            *("setpriv", "--pdeathsig", "KILL"),
            *("unshare", "--mount", "--pid", "--ipc", "--fork"),
            *("sh", "-c", _ENTER, "enter"),
            *(str(self.root), str(self.state), self.config.working_dir, self.config.user),
            *("/usr/bin/setpriv", "--pdeathsig", "KILL"),
            *("/usr/bin/env", "-i", "-C", self.config.working_dir),
            *(f"{name}={value}" for name, value in variables.items()),
            *arguments,
        ]

    def run(
        self, arguments: list[str], environment: dict[str, str] | None = None, seconds: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end, output captured."""
        return subprocess.run(
            self.command(arguments, environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self, arguments: list[str], environment: dict[str, str], log: Path) -> Running:
        """Start and leave running; output goes to `log`."""
        return Running(self.command(arguments, environment), log)


class Running:
    """A process inside a sandbox; as a context manager it is killed on the way out."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._log_path = log
        self._log: IO[bytes] = log.open("wb")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT
        )

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            # Its child is the namespace's first process, which dies with it and takes all along.
            self._process.kill()
        self._process.wait(10)
        self._log.close()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log_path.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the first process inside, as `docker stop` does."""
        pid = self._process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        subprocess.run(["kill", f"-{number.value}", child], check=True)

    def wait(self, seconds: float) -> int:
        """Wait for its end; returns the exit code."""
        return self._process.wait(seconds)
