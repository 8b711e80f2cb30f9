"""Where the commands begin."""

from tui.quiet import ended_quietly


def replay() -> int:
    """`replay`; returns its exit code."""
    with ended_quietly():
        from replay.cli import main
    return main()


def episodes() -> int:
    """`episodes`; returns its exit code."""
    with ended_quietly():
        from replay.episodes_cli import main
    return main()
