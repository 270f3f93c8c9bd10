"""`make image-test`: builds the image as a user would, and runs it as a cautious operator would.

Needs root, Debian's buildah and debootstrap (installed when missing) and a package index that pip
reaches. The broker is HEBBSTREAM_TEST_BOOTSTRAP's, else Apache Kafka by Maven, else, unless
HEBBSTREAM_REQUIRE_KAFKA is set, the embedded one. The base image stays in .cache/image for the next
run; everything else is removed.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from broker import ApacheKafka, Broker, EmbeddedBroker, ExternalBroker
from image import builder, checks
from image.sandbox import Sandbox
from server_process import BrokerUnavailableError


def start_broker() -> Broker:
    """Start, or find, the best broker there is.

    Raises
    ------
    ImageTestError
        When Apache Kafka is required and cannot be had.
    """
    external = os.environ.get("HEBBSTREAM_TEST_BOOTSTRAP")
    if external:
        return ExternalBroker(external)
    try:
        return ApacheKafka()
    except BrokerUnavailableError as error:
        required = os.environ.get("HEBBSTREAM_REQUIRE_KAFKA")
        builder.require(not required, f"Apache Kafka is required: {error}")
        checks.say(f"Apache Kafka is not to be had ({error}); the embedded broker stands in")
        return EmbeddedBroker()


def check_image(folder: Path) -> None:
    """Run every check on the built image.

    Parameters
    ----------
    folder : Path
        Empty, for state and logs.
    """
    config = builder.inspect()
    checks.configuration(config)
    containers: list[str] = []
    try:
        root = mount(builder.IMAGE, containers)
        checks.size(root, mount(builder.BASE, containers))
        checks.contents(root, builder.secret_files())
        sandbox = Sandbox(root, folder, config)
        steps: list[Callable[[Sandbox], None]] = [
            checks.confinement,
            checks.validate,
            checks.kernels,
            checks.replay,
        ]
        for step in steps:
            step(checks.with_state(sandbox, step.__name__))
        broker = start_broker()
        try:
            checks.say(f"broker: {broker.flavour}")
            checks.service(checks.with_state(sandbox, "service"), broker.bootstrap)
        finally:
            broker.stop()
    finally:
        for container in containers:
            builder.buildah("rm", container)


def mount(image: str, containers: list[str]) -> Path:
    """Give an image's root file system as a folder; the container is added to `containers`."""
    containers.append(builder.buildah("from", "--pull-never", image))
    return Path(builder.buildah("mount", containers[-1]))


def main() -> int:
    """Build, check, clean up; returns the exit code."""
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        builder.install_tools()
        builder.clear()
        builder.ensure_base()
        checks.say(f"base: {builder.BASE} ({time.monotonic() - started:.0f} s)")
        building = time.monotonic()
        builder.build()
        checks.say(f"build: {time.monotonic() - building:.0f} s")
        folder = Path(tempfile.mkdtemp(prefix="state-", dir=builder.CACHE))
        folder.chmod(0o755)
        try:
            check_image(folder)
        finally:
            shutil.rmtree(folder)
            builder.buildah("rmi", "--force", builder.IMAGE)
    except builder.ImageTestError as error:
        sys.stderr.write(f"image-test: {error}\n")
        return 1
    checks.say(f"image-test: passed in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
