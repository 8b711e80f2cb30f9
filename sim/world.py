"""The process of the simulated world, in lock-step or in real time.

    python -m sim.world CONFIG.json --parent PID

CONFIG.json is a `WorldConfig`. It names its ports on stdout when it is ready. What it does not
simulate is said where it would be: `sim.servos`, `sim.arms`, `sim.scenes`.
"""

import argparse
import contextlib
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cameras.gl import choose_gl
from sim.config import WorldConfig
from sim.errors import RenderError, SimError
from teleop.config import ConfigError, build, read_json
from teleop.memory import keep_freed_memory
from teleop.parent import die_with_parent

if TYPE_CHECKING:
    from sim.assemble import World
    from sim.rig import SimulatedRig


def main(arguments: list[str] | None = None) -> int:
    """Entry of the world process; 2 with one sentence if it cannot start, or loses a renderer."""
    parser = argparse.ArgumentParser(prog="python -m sim.world")
    parser.add_argument("config", type=Path)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        try:
            rig, world = _create(options.config, stack)
        except (ConfigError, SimError) as error:
            sys.stderr.write(f"{error}\n")
            return 2
        except OSError as error:
            place = options.config.parent
            sys.stderr.write(f"The simulated world has no room in {place}: {error.strerror}.\n")
            return 2
        return _run(rig, world, options.parent)


def _create(path: Path, stack: contextlib.ExitStack) -> "tuple[SimulatedRig, World]":
    config = build(WorldConfig, read_json(path), str(path))
    if config.cameras:
        os.environ["MUJOCO_GL"] = choose_gl()
    from sim.assemble import assemble  # only now: MuJoCo looks at MUJOCO_GL when it is imported

    return assemble(config, path, stack)


def _run(rig: "SimulatedRig", world: "World", parent: int) -> int:
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: world.leave())
    die_with_parent(parent)
    ports = " ".join(f"{name}={bus.port}" for name, bus in rig.buses.items())
    gc.collect()
    gc.freeze()  # MuJoCo's and numpy's modules need not be walked through again and again
    with contextlib.suppress(BrokenPipeError):  # the session is gone already: SIGTERM follows
        os.write(sys.stdout.fileno(), f"{ports}\n".encode())
    try:
        return world.run()
    except RenderError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
