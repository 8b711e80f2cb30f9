"""The process that predicts: ticks and pictures in, a plan of targets out.

    python -m act.rollout.process CONFIG.json --wake FD --parent PID

CONFIG.json is a `session.policy.PolicyProcess`; FD is an eventfd that control writes to after each
tick. It says a line when it is ready. In lock-step the world waits for its answer to every tick; in
real time predictions are made in a thread, early enough to be there when the last one runs out.
"""

import argparse
import contextlib
import math
import sys
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from act.errors import ActError, EvaluationError
from act.rollout.execution import ExecutionConfig, Favor
from act.rollout.eyes import Eyes
from act.rollout.policy import Policy
from recorder.arms import Arms
from recorder.tick_stream import TickStream
from session.policy import PolicyProcess
from teleop import lockstep
from teleop.config import ConfigError, build, read_json
from teleop.parent import die_with_parent
from teleop.ring import Record, RingWriter
from teleop.targets import AHEAD, TARGET_DTYPE, TARGET_RING, TARGET_SLOTS, TROUBLE_BYTES
from teleop.tick import Led

CONTROL_TIMEOUT_S: Final = 120.0
LOCKSTEP_AHEAD: Final = 2
REALTIME_AHEAD: Final = 25
"""Rows of a plan: half a second at 50 Hz. Control follows 10 of them without a newer plan."""
SPARE_TICKS: Final = 2
REMEMBERED: Final = 10
"""Predictions whose time says how early to ask: a slow one must not count for ever."""

Chunk = npt.NDArray[np.float32]


class Predictor:
    """Answers ticks with plans.

    Raises:
        EvaluationError: the rig has not the policy's cameras or joints.
    """

    def __init__(self, config: PolicyProcess, policy: Policy, execution: ExecutionConfig) -> None:
        self._policy = policy
        self._eyes = Eyes(config, policy.cameras)
        self._execution = execution.execution(policy.chunk)
        self._lockstep = config.world_socket is not None
        self._joints = Arms(config.sides).joints
        if len(self._joints) != policy.joints:
            raise EvaluationError(
                f"The policy moves {policy.joints} joints, and the rig has {len(self._joints)}."
            )
        self._period_s = 1 / config.rate_hz
        self._ring = RingWriter(Path(config.runtime_dir) / TARGET_RING, TARGET_DTYPE, TARGET_SLOTS)
        self._thread = None if self._lockstep else ThreadPoolExecutor(1, "predict")
        self._asked: tuple[int, Future[Chunk]] | None = None
        self._observed = self._predict_ns = 0
        self._took: deque[int] = deque([1], REMEMBERED)

    def answer(self, tick: Record) -> None:
        """Publish the plan after one tick."""
        number, trouble = int(tick["number"]), ""
        if int(tick["led"]) != Led.POLICY:
            self._forget()
        else:
            try:
                self._predict(number, tick)
            except ActError as error:
                trouble = str(error)
        self._publish(number, trouble)

    def _forget(self) -> None:
        """Somebody else leads: what was predicted is of no use any more."""
        self._execution.reset()
        self._asked, self._observed = None, 0

    def _predict(self, number: int, tick: Record) -> None:
        """Take in what has been predicted, and ask for more where it is due.

        Raises:
            EvaluationError: the policy sees nothing, or predicts nonsense.
        """
        images = self._eyes.look(int(tick["t_ns"]))
        self._take_in()
        if images is not None and self._asked is None and self._is_due(number):
            self._asked = (number, self._ask(tick["qpos"][self._joints].astype(np.float32), images))
        self._take_in()

    def _is_due(self, number: int) -> bool:
        if self._observed == 0 or self._execution.wants(number):
            return True
        return bool(np.isnan(self._execution.targets(number + max(self._took), 1)).all())

    def _ask(self, qpos: Chunk, images: Mapping[str, Any]) -> "Future[Chunk]":
        def timed() -> Chunk:
            began_ns = time.monotonic_ns()
            chunk = self._policy.predict(qpos, images)
            self._predict_ns = time.monotonic_ns() - began_ns
            return chunk

        if self._thread is not None:
            return self._thread.submit(timed)
        future: Future[Chunk] = Future()
        future.set_result(timed())
        return future

    def _take_in(self) -> None:
        if self._asked is None or not self._asked[1].done():
            return
        (asked, future), self._asked = self._asked, None
        self._execution.add(asked, future.result())
        self._observed = asked
        if self._thread is not None:
            ticks = math.ceil(self._predict_ns / 1e9 / self._period_s)
            self._took.append(ticks + SPARE_TICKS)

    def _publish(self, number: int, trouble: str) -> None:
        plan = self._ring.begin()
        plan["seen"], plan["observed"], plan["predict_ns"] = (
            *(number, self._observed, self._predict_ns),
        )
        plan["first"], plan["count"] = number + 1, 0
        plan["trouble"] = trouble.encode()[:TROUBLE_BYTES]
        if self._observed and not trouble:
            ahead = min(AHEAD, LOCKSTEP_AHEAD if self._lockstep else REALTIME_AHEAD)
            targets = self._execution.targets(number + 1, ahead)
            covered = int(np.isfinite(targets).all(axis=1).cumprod().sum())
            plan["count"], plan["target"] = covered, np.nan
            plan["target"][:covered, self._joints] = targets[:covered]
        self._ring.commit()


def execution_of(options: Mapping[str, str]) -> ExecutionConfig:
    """From the options that `act-eval` and `act-run` hand down."""
    number = {key: int(options[key]) for key in ("execute", "ensemble_every") if key in options}
    decay = float(options.get("ensemble_decay", 0.01))
    favor: Favor = "newer" if options.get("ensemble_favor") == "newer" else "older"
    stride = int(options.get("control_stride", 1))
    return ExecutionConfig(
        **number, ensemble_decay=decay, ensemble_favor=favor, control_stride=stride
    )


def _ticks(config: PolicyProcess, wake: int) -> TickStream:
    """Those of control, which is started when we are ready."""
    deadline = time.monotonic() + CONTROL_TIMEOUT_S
    while True:
        try:
            return TickStream(Path(config.runtime_dir), wake, lambda: False)
        except (FileNotFoundError, ProcessLookupError):
            if time.monotonic() > deadline:
                raise EvaluationError("Control did not start.") from None
            time.sleep(0.02)


def run(config: PolicyProcess, wake: int) -> None:
    """Load the policy, say so, and answer ticks until control has ended."""
    options = config.options
    threads = int(options.get("threads", 0)) or None
    policy = Policy.load(Path(config.checkpoint), options.get("device", "auto"), threads)
    if options.get("identity", policy.checkpoint.identity) != policy.checkpoint.identity:
        raise EvaluationError(f"{config.checkpoint} is another policy by now: start again.")
    predictor = Predictor(config, policy, execution_of(options))
    sys.stdout.write(f"{policy.about}\n")
    sys.stdout.flush()
    ticks = _ticks(config, wake)
    with contextlib.ExitStack() as stack:
        stack.callback(ticks.close)
        world = None
        if config.world_socket is not None:
            world = lockstep.connect(Path(config.world_socket), "policy")
            stack.callback(world.close)
        for tick in ticks:
            if tick is None:
                continue
            predictor.answer(tick)
            if world is not None:
                lockstep.send(world, {"op": "answered", "t_ns": int(tick["t_ns"])})


def main(arguments: list[str] | None = None) -> int:
    """Entry of the process; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m act.rollout.process")
    parser.add_argument("config", type=Path)
    parser.add_argument("--wake", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args(arguments)
    die_with_parent(given.parent)
    try:
        run(build(PolicyProcess, read_json(given.config), str(given.config)), given.wake)
    except (ActError, ConfigError, lockstep.LockstepError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
