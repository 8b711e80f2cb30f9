"""Runs a session that a checkpoint leads, with nothing looked at before, as no command does.

    python led_by.py OUT CHECKPOINT TASK RIG [--realtime] [--module NAME]

NAME: of a module of this folder that predicts instead of `act.rollout.process`.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from session.config import SimulationMode
from session.configure import configure
from session.policy import PolicyConfig
from tui.session import run_session

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("out", "checkpoint", "task", "rig"):
        parser.add_argument(name)
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--module", default="act.rollout.process")
    given = parser.parse_args()
    here = str(Path(__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join((here, os.environ.get("PYTHONPATH", "")))
    mode = SimulationMode(realtime=given.realtime)
    config = configure(given.task, given.rig, seed=1, out=Path(given.out), mode=mode)
    options = {"device": "cpu", "threads": "1"}
    policy = PolicyConfig(given.checkpoint, "a test's", "{}", given.module, options)
    sys.exit(run_session(replace(config, policy=policy), headless=True))
