"""Builds the image for real, with buildah on a base of Debian's packages, in a storage of its own.

Nothing of the machine's package set-up enters the image: what pip needs to reach its index (its
configuration, a CA, folders of wheels) is handed to the build as secrets and read-only volumes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
CACHE: Final = ROOT / ".cache" / "image"
SUITE: Final = "bookworm"
MIRROR: Final = os.environ.get("HEBBSTREAM_DEBIAN_MIRROR", "http://deb.debian.org/debian")
BASE: Final = f"localhost/hebbstream-test-base:{SUITE}"
IMAGE: Final = "localhost/hebbstream-test"

#: Where the Dockerfile mounts the secret `ca_bundle`.
_CA_IN_BUILD: Final = "/run/secrets/ca_bundle"
#: What of pip's configuration says how to reach packages.
_PIP_OPTIONS: Final = (
    "index-url",
    "extra-index-url",
    "trusted-host",
    "proxy",
    "find-links",
    "cert",
)


class ImageTestError(Exception):
    """The image cannot be built or does not behave; the message says what was seen."""


def require(condition: object, message: str) -> None:
    """Raise ImageTestError with `message` unless `condition` holds."""
    if not condition:
        raise ImageTestError(message)


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What the image itself says about how it wants to be run."""

    user: str
    environment: dict[str, str]
    working_dir: str
    entrypoint: list[str]
    command: list[str]
    healthcheck: list[str]
    stop_signal: str
    labels: dict[str, str]


def install_tools() -> None:
    """Install buildah and debootstrap from Debian where they are missing.

    Raises
    ------
    ImageTestError
        Without root, or where apt is not at hand.
    """
    require(os.geteuid() == 0, "building a root file system needs root: sudo make image-test")
    wanted = ("buildah", "debootstrap", "unshare", "setpriv")
    missing = [tool for tool in wanted if shutil.which(tool) is None]
    if not missing:
        return
    require(shutil.which("apt-get"), f"missing: {', '.join(missing)}; install them and try again")
    packages = {"unshare": "util-linux", "setpriv": "util-linux"}
    names = sorted({packages.get(tool, tool) for tool in missing})
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        run(["apt-get", "-qq", *command], environment=environment)


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Run a command to its end; returns its output, raises ImageTestError when it fails."""
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr)[-4000:]
        msg = f"{' '.join(command[:6])} ... exited with {done.returncode}:\n{tail}"
        raise ImageTestError(msg)
    return done.stdout.strip()


def buildah(*arguments: str) -> str:
    """Run buildah on a storage below the project's cache, apart from the machine's own."""
    temporary = CACHE / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    storage = ["--root", str(CACHE / "storage"), "--runroot", str(CACHE / "run")]
    command = ["buildah", *storage, "--storage-driver", "vfs", *arguments]
    return run(command, os.environ | {"TMPDIR": str(temporary)})


def clear() -> None:
    """Remove what a run that was killed may have left: containers and state folders."""
    CACHE.mkdir(parents=True, exist_ok=True)
    buildah("rm", "--all")
    for folder in CACHE.glob("state-*"):
        shutil.rmtree(folder)


def has_image(name: str) -> bool:
    """Tell whether the storage holds an image of this name."""
    return bool(buildah("images", "--quiet", "--filter", f"reference={name}"))


def ensure_base() -> None:
    """Make the base image from Debian's packages, once; later runs find it in the storage."""
    if has_image(BASE):
        return
    container = buildah("from", "scratch")
    try:
        folder = buildah("mount", container)
        # In a mount namespace of its own, so that a bootstrap that fails leaves nothing mounted.
        bootstrap = [
            *("unshare", "--mount", "debootstrap", "--variant=minbase"),
            *("--include=python3,python3-venv", SUITE, folder, MIRROR),
        ]
        run(bootstrap)
        for rubbish in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(Path(folder) / rubbish)
        buildah("commit", "--format", "docker", container, BASE)
    finally:
        buildah("rm", container)


def pip_options() -> dict[str, str]:
    """Read how this machine's pip reaches packages; the environment wins over files."""
    listed = run([sys.executable, "-m", "pip", "config", "list"])
    found: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        match = re.fullmatch(r"[^.]+\.([\w-]+)='(.*)'", line)
        if match is not None and match[1] in _PIP_OPTIONS:
            found[match[1]] = match[2].replace("\\n", " ")
    bundle = os.environ.get("SSL_CERT_FILE")
    if bundle is not None:
        found.setdefault("cert", bundle)
    return found


def packaging_arguments() -> list[str]:
    """Hand pip's configuration to the build: secrets for files, read-only volumes for folders."""
    options = pip_options()
    arguments: list[str] = []
    if "cert" in options:
        arguments += ["--secret", f"id=ca_bundle,src={options['cert']}"]
        options["cert"] = _CA_IN_BUILD
    folders = [Path(link) for link in options.pop("find-links", "").split()]
    folders = [folder for folder in folders if folder.is_dir() and any(folder.iterdir())]
    for folder in folders:
        arguments += ["--volume", f"{folder}:{folder}:ro"]
    if folders:
        options["find-links"] = " ".join(map(str, folders))
    if options:
        lines = ["[global]", *(f"{name} = {value}" for name, value in options.items())]
        configuration = CACHE / "pip.conf"
        configuration.write_text("\n".join([*lines, ""]))
        arguments += ["--secret", f"id=pip_conf,src={configuration}"]
    return arguments


def secret_files() -> list[Path]:
    """Name the files handed to the build as secrets."""
    arguments = packaging_arguments()
    return [Path(value.split("src=")[1]) for value in arguments if value.startswith("id=")]


def build() -> None:
    """Build the Dockerfile on the base image.

    Raises
    ------
    ImageTestError
        With the end of the build's output.
    """
    buildah(
        *("build", "--pull-never", "--format", "docker", "--isolation", "chroot"),
        *("--build-arg", f"BASE_IMAGE={BASE}", "--build-arg", "REVISION=test"),
        *packaging_arguments(),
        *("--tag", IMAGE, "--file", str(ROOT / "Dockerfile"), str(ROOT)),
    )


def inspect() -> ImageConfig:
    """Read the built image's configuration."""
    described: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", IMAGE))
    config = described["Docker"]["config"]
    return ImageConfig(
        user=config["User"],
        environment=dict(entry.split("=", 1) for entry in config["Env"]),
        working_dir=config["WorkingDir"],
        entrypoint=config["Entrypoint"],
        command=config["Cmd"],
        healthcheck=config["Healthcheck"]["Test"],
        stop_signal=config["StopSignal"],
        labels=config["Labels"],
    )
