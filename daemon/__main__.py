"""`hebbstream` and `python -m daemon`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run one command and return its exit code.

    The plain health check, which containers run every few seconds, goes past the imports of the
    others.
    """
    if sys.argv[1:] == ["healthcheck"]:
        from daemon import healthcheck

        return healthcheck.main()
    from daemon.interpreter import collect_rarely

    collect_rarely()
    from daemon import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
