"""What a built image must do when it runs confined; each check says what it saw."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import random
import shutil
import signal
import statistics
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from image.builder import ImageConfig, require
from image.sandbox import Running, Sandbox
from server_process import free_ports

#: A cache folder that starts empty: on the tmpfs, so that compiling has where to write.
COLD: Final = {"NUMBA_CACHE_DIR": "/tmp/kernels"}  # noqa: S108 - inside the sandbox
READY_SECONDS_MAX: Final = 300.0
STOP_SECONDS_MAX: Final = 10.0
MINUTES: Final = 3000
USER: Final = 10001


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def configuration(config: ImageConfig) -> None:
    """See that user, signal, health check and labels are as a container runtime expects them."""
    require(config.user == f"{USER}:{USER}", f"user is {config.user}")
    require(config.stop_signal == "SIGTERM", f"stop signal is {config.stop_signal}")
    require(config.healthcheck[0] == "CMD", f"health check is not exec form: {config.healthcheck}")
    wanted = ("title", "version", "revision", "created", "source", "licenses")
    labels = [f"org.opencontainers.image.{name}" for name in wanted]
    missing = [label for label in labels if not config.labels.get(label)]
    require(not missing, f"labels missing: {missing}")
    say("configuration: unprivileged user, SIGTERM, exec-form health check, OCI labels")


def contents(root: Path, secrets: list[Path]) -> None:
    """Find no compiler, no installer and nothing of the build machine in the root file system."""
    places = ("usr/bin", "usr/local/bin", "opt/hebbstream/bin")
    unwanted = ("gcc", "cc", "g++", "clang", "ld", "make", "pip", "pip3")
    found = [f"/{place}/{name}" for place in places for name in unwanted]
    found = [path for path in found if os.path.lexists(root / path[1:])]
    found += [f"/{name}" for name in ("src", "etc/pip.conf") if (root / name).exists()]
    require(not found, f"should not be in the image: {found}")
    hidden = {secret.read_bytes() for secret in secrets}
    sizes = {len(text) for text in hidden}
    leaks = [
        str(path)
        for path in root.rglob("*")
        if not path.is_symlink()
        and path.is_file()
        and path.stat().st_size in sizes
        and path.read_bytes() in hidden
    ]
    require(not leaks, f"build secrets in the image: {leaks}")
    say("contents: no compiler, no installer, none of the builder's files")


def confinement(sandbox: Sandbox) -> None:
    """See to it that the sandbox is what it claims: unprivileged and all but read-only."""
    program = (
        "import os, json\n"
        "def can(path):\n"
        "    try: open(path, 'w').close(); os.unlink(path); return True\n"
        "    except OSError: return False\n"
        "status = open('/proc/self/status').read()\n"
        "print(json.dumps([os.getuid(), os.getgid(), 'CapEff:\\t0000000000000000' in status,\n"
        "    'NoNewPrivs:\\t1' in status, can('/tmp/x'), can('x'), can('/x'), can('/opt/x'),\n"
        "    can('/opt/numba-cache/x'), can('/etc/hebbstream/x')]))\n"
    )
    done = sandbox.run(["python3", "-c", program])
    seen = json.loads(done.stdout) if done.returncode == 0 else done.stderr
    expected = [USER, USER, True, True, True, True, False, False, False, False]
    require(seen == expected, f"the sandbox is not confined as meant: {seen}")
    say("confinement: user 10001, no capabilities, read-only root, /tmp and state writable")


def validate(sandbox: Sandbox) -> None:
    """See `hebbstream validate` accept the image's default configuration, found by itself."""
    done = sandbox.run(["hebbstream", "validate"])
    require(done.returncode == 0, f"validate exited with {done.returncode}:\n{done.stderr}")
    require("bootstrap_servers" in done.stdout, f"no effective configuration:\n{done.stdout}")
    say("validate: the default configuration is valid")


def kernels(sandbox: Sandbox) -> None:
    """See every kernel loaded from the image's cache, though it cannot be written."""
    program = (
        "import time; started = time.perf_counter()\n"
        "from daemon.warmup import warmup; warmup()\n"
        "print(f'seconds {time.perf_counter() - started:.2f}')\n"
    )
    seconds: dict[str, float] = {}
    compiled: dict[str, int] = {}
    for name, environment in (("warm", {}), ("cold", COLD)):
        done = sandbox.run(["python3", "-c", program], environment | {"NUMBA_DEBUG_CACHE": "1"})
        require(done.returncode == 0, f"kernels cannot be had:\n{done.stderr}")
        loaded = done.stdout.count("[cache] data loaded")
        compiled[name] = done.stdout.count("[cache] data saved")
        seconds[name] = float(done.stdout.split("seconds ")[1])
        say(
            f"kernels {name}: {loaded} loaded, {compiled[name]} compiled and kept, "
            f"{seconds[name]:.1f} s from import to ready"
        )
    require(compiled["warm"] == 0, "the image's cache was written")
    require(compiled["cold"] > 0, "the empty cache was not filled")
    require(seconds["warm"] < seconds["cold"] / 2, "the image's cache saves no time")


def samples(path: Path) -> None:
    """Write two services of four series each, one value a minute; one breaks loose near the end."""
    draw = random.Random(7)  # noqa: S311 - noise
    with path.open("w") as lines:
        for minute in range(MINUTES):
            for service in ("cart", "payment"):
                cause = math.sin(minute / 20) + draw.gauss(0, 0.3)
                for metric in range(4):
                    value = 50 + 10 * cause * (metric + 1) + draw.gauss(0, 1)
                    if service == "payment" and metric == 2 and minute >= MINUTES - 60:
                        value += 400
                    sample = {
                        "name": f"metric_{metric}",
                        "labels": {"service": service},
                        "timestamp": 1_750_000_000 + 60 * minute,
                        "value": round(value, 3),
                    }
                    lines.write(f"{json.dumps(sample)}\n")


def replay(sandbox: Sandbox) -> None:
    """See a replay find the fault, in equal bytes whether its kernels were cached or compiled.

    The first run's cache is a writable copy of the image's: it must not grow, or the image lacks a
    kernel that the service needs.
    """
    samples(sandbox.state / "samples.ndjson")
    copy = sandbox.state / "kernels"
    shutil.copytree(sandbox.root / "opt" / "numba-cache", copy)
    give_away(sandbox.state)
    before = sorted(copy.rglob("*"))
    home = sandbox.config.working_dir
    events: dict[str, bytes] = {}
    for name, environment in (
        ("copied", {"NUMBA_CACHE_DIR": f"{home}/kernels"}),
        ("warm", {}),
        ("cold", COLD),
    ):
        arguments = ["replay", "samples.ndjson", "--out", f"{home}/{name}"]
        started = time.monotonic()
        done = sandbox.run(["hebbstream", *arguments], environment)
        seconds = time.monotonic() - started
        require(done.returncode == 0, f"replay exited with {done.returncode}:\n{done.stderr}")
        events[name] = (sandbox.state / name / "events.ndjson").read_bytes()
        say(f"replay {name}: {len(events[name].splitlines())} events, {seconds:.1f} s")
    grown = sorted(set(copy.rglob("*")) - set(before))
    require(not grown, f"not in the image's cache: {[path.name for path in grown]}")
    require(events["warm"] == events["cold"] == events["copied"], "replays differ")
    opened = [json.loads(line) for line in events["warm"].splitlines()]
    groups = {event["group"] for event in opened if event["state"] == "open"}
    require("payment" in groups, f"the fault was not found; incidents in {groups or 'no group'}")


def service(sandbox: Sandbox, bootstrap: str, runs: int = 3) -> None:
    """See `run` become ready on a broker, be healthy, and stop in time; warm and cold."""
    figures: dict[str, float] = {}
    for name, environment, count in (("warm", {}, runs), ("cold", COLD, 1)):
        times = [once(sandbox, bootstrap, f"{name}-{i}", environment) for i in range(count)]
        figures[name] = statistics.median(times)
    say(f"time to ready: warm {figures['warm']:.1f} s, cold {figures['cold']:.1f} s")
    require(figures["warm"] < figures["cold"], "start-up does not gain from the image's cache")


def once(sandbox: Sandbox, bootstrap: str, name: str, environment: dict[str, str]) -> float:
    """Start, wait for ready, check health, stop; returns the seconds to ready."""
    (port,) = free_ports(1)
    settings = environment | {
        "HEBBSTREAM__APPLICATION_ID": f"image-test-{name}",
        "HEBBSTREAM__KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "HEBBSTREAM__SERVER__PORT": str(port),
    }
    started = time.monotonic()
    command = [*sandbox.config.entrypoint, *sandbox.config.command]
    log = sandbox.state.parent / f"service-{name}.log"
    with sandbox.start(command, settings, log) as running:
        wait_until_ready(running, port)
        ready = time.monotonic() - started
        asked = time.monotonic()
        health = sandbox.run(sandbox.config.healthcheck[1:], settings)
        took = time.monotonic() - asked
        require(health.returncode == 0, f"the health check failed: {health.stderr}")
        running.signal(signal.Signals[sandbox.config.stop_signal])
        stopping = time.monotonic()
        code = running.wait(STOP_SECONDS_MAX + 5)
        stop = time.monotonic() - stopping
        require((code, stop < STOP_SECONDS_MAX) == (0, True), f"exit {code} after {stop:.1f} s")
    say(f"run {name}: ready in {ready:.1f} s, health check {took:.2f} s, stopped in {stop:.1f} s")
    nobody = sandbox.run(sandbox.config.healthcheck[1:], settings)
    require(nobody.returncode == 1, f"the health check of a stopped service: {nobody.returncode}")
    return ready


def wait_until_ready(running: Running, port: int) -> None:
    """Poll /readyz until it says 200."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    answer = "nothing"
    while time.monotonic() < deadline:
        require(running.alive, f"the service ended:\n{running.log[-3000:]}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
        except urllib.error.HTTPError as error:
            answer = error.read().decode()
        except OSError as error:
            answer = str(error)
        else:
            return
        time.sleep(0.05)
    require(condition=False, message=f"not ready: {answer}\n{running.log[-3000:]}")


def give_away(folder: Path) -> None:
    """Make the image's user the owner of a folder and all in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER)


def size(root: Path, base: Path) -> None:
    """Print what the image takes unpacked, and how much of that is its base."""
    sizes = [folder_megabytes(folder) for folder in (root, base)]
    say(f"image size unpacked: {sizes[0]:.0f} MB, {sizes[1]:.0f} MB of it the base")


def folder_megabytes(folder: Path) -> float:
    """Sum the sizes of a folder's files."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def with_state(sandbox: Sandbox, name: str) -> Sandbox:
    """Give a sandbox an empty state folder of its own."""
    state = sandbox.state / name
    state.mkdir()
    give_away(state)
    return dataclasses.replace(sandbox, state=state)
