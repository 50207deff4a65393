"""The console script, which can be imported where the packages of the commands are not installed."""

import sys

from effaug._extras import absent, advice


def main() -> None:
    """Run the command line; without its packages, say in one sentence how to get them, with exit status 2."""
    if absent("study"):
        print(f"effaug: {advice('the command line', 'study')}", file=sys.stderr)
        sys.exit(2)
    from effaug.cli import main as commands

    commands.main()
