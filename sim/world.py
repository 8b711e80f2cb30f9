"""The simulated world: the scene, four emulated buses, the operator and the cameras, in lock-step.

    python -m sim.world CONFIG.json --parent PID

Time stands still until control asks for the next tick (`advance`); then the world takes what was
written to its buses, steps the physics by one tick, moves the operator's hands, lets the servos
sense, renders, and answers. Between two ticks it does nothing but answer the buses. What it does
not simulate is said where it would be: `sim.servos`, `sim.arms`, `sim.scenes`.
"""

import argparse
import contextlib
import gc
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.arms import FollowerArm, LeaderArm
from sim.cameras.cameras import Cameras
from sim.cameras.gl import choose_gl
from sim.config import TICK_S, WorldConfig
from sim.errors import SimError
from sim.linkage import leader_angle
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from teleop.config import ConfigError, build, read_json
from teleop.joints import ARM_DOF, ROLES, SIDES, Side, arm_slice
from teleop.lockstep import WORLD_SOCKET, WORLD_STATUS, Message, receive, send
from teleop.memory import keep_freed_memory
from teleop.parent import die_with_parent
from teleop.rig_config import PoseConfig
from teleop.ring import RingWriter

if TYPE_CHECKING:
    from sim.cameras.render import Renderer
    from sim.operators.operator import Operator
    from sim.scenes.scene import Scene

FRAMES_AHEAD: Final = 4
"""Frame sets that may be published before the recorder has acknowledged the first of them."""
ACKNOWLEDGE_TIMEOUT_S: Final = 20.0
"""A recorder silent for so long is not waited for until it acknowledges again."""
LINGER_S: Final = 20.0
"""After SIGTERM the world goes on this long at most, so that control can bring the arms to rest."""
_TICK_NS: Final = round(1e9 * TICK_S)

WORLD_DTYPE: Final = np.dtype(
    [
        ("best_stage", "u1"),
        ("last_stage", "u1"),
        ("best_name", "S24"),
        ("cpu_render_ns", "<i8"),
    ]
)


class Advance:
    """Control's request under way: first the step is due, then only the answer."""

    def __init__(self, connection: socket.socket, frames: bool) -> None:
        self.connection = connection
        self.frames = frames
        self.stepped = False
        self.since = time.monotonic()


@dataclass(frozen=True, slots=True)
class Reset:
    """The session's request under way: the next advance begins with it."""

    connection: socket.socket
    seed: int
    max_steps: int


class World:
    """Everything that happens in the world process; one thread, one `poll`."""

    def __init__(self, config: WorldConfig, scene: "Scene", renderer: "Renderer") -> None:
        runtime = Path(config.runtime_dir)
        self._scene = scene
        self._cameras = Cameras(scene, renderer, config)
        self._status = RingWriter(runtime / WORLD_STATUS, WORLD_DTYPE, 4)
        servos = {(role, side): aloha_servos(role) for role in ROLES for side in SIDES}
        self.buses = {f"{role}_{side}": ServoBus(nine) for (role, side), nine in servos.items()}
        resting = np.array([*PoseConfig().leader_rest_rad, leader_angle(0.5)])
        self._leaders = [LeaderArm(servos["leader", side], resting) for side in SIDES]
        self._followers = [FollowerArm(scene, side, servos["follower", side]) for side in SIDES]
        self._operator: Operator | None = None
        self._operator_ticks: int | None = None  # since the leaders went limp
        self._max_steps = 0
        self._stage = 0
        self._t_ns = 0
        self._finished = False
        self._paused = False
        self._advance: Advance | None = None
        self._reset: Reset | None = None
        self._acknowledged = 0
        self._recorder_is_late = False
        self._roles: dict[int, tuple[str, socket.socket]] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(os.fspath(runtime / WORLD_SOCKET))
        self._listener.listen(8)
        self._leave_at: float | None = None
        self._poll = select.poll()
        self._poll.register(self._listener, select.POLLIN)
        for bus in self.buses.values():
            self._poll.register(bus.fileno(), select.POLLIN)

    # -- the loop

    def run(self) -> None:
        """Serve until told to stop and control is gone."""
        by_descriptor = {bus.fileno(): bus for bus in self.buses.values()}
        while not self._may_leave():
            for descriptor, _ in self._poll.poll(100):
                if descriptor in by_descriptor:
                    by_descriptor[descriptor].service(self._t_ns, drain=False)
                elif descriptor == self._listener.fileno():
                    self._accept()
                else:
                    self._serve(descriptor)
            self._proceed()

    def leave(self) -> None:
        """Stop once control has let go of the arms, or after a while without it."""
        if self._leave_at is None:
            self._leave_at = time.monotonic() + LINGER_S

    def _may_leave(self) -> bool:
        if self._leave_at is None:
            return False
        return self._connection("control") is None or time.monotonic() > self._leave_at

    # -- one tick

    def _proceed(self) -> None:
        """Take the advance under way as far as it can go."""
        advance = self._advance
        if advance is None:
            return
        if not advance.stepped:
            if self._reset is not None:
                self._do_reset(self._reset)
            if self._paused or not self._acknowledged_enough(advance):
                return
            self._step(advance.frames)
            advance.stepped = True
        if not self._paused:
            self._advance = None
            self._answer(advance.connection, {"t_ns": self._t_ns})

    def _step(self, frames: bool) -> None:
        for bus in self.buses.values():
            bus.service(self._t_ns)  # what control wrote since the last tick
        for follower in self._followers:
            follower.drive()
        self._scene.step()
        self._stage = self._scene.stage()
        self._t_ns += _TICK_NS
        self._move_leaders()
        for follower in self._followers:
            follower.sense()
        if frames:
            self._cameras.publish(self._t_ns, self._stage)
        self._publish_status()

    def _move_leaders(self) -> None:
        """The operator works from the moment the leaders go limp until they are held again."""
        operator = self._operator
        limp = all(leader.limp for leader in self._leaders)
        if operator is not None and limp:
            self._operator_ticks = (self._operator_ticks or 0) + 1
            hands = _hands(operator.tick())
            gave_up = self._operator_ticks >= self._max_steps
            if (operator.finished or gave_up) and not self._finished:
                self._finish()
        else:
            if self._operator_ticks is not None:
                self._operator = self._operator_ticks = None
            hands = {}
        for side, leader in zip(SIDES, self._leaders, strict=True):
            leader.advance(TICK_S, hands.get(side))

    def _finish(self) -> None:
        """Tell the session that the demonstration is over, and let it react within this tick."""
        self._finished = True
        session = self._connection("session")
        if session is not None:
            self._paused = True
            self._answer(session, {"event": "finished"})

    def _acknowledged_enough(self, advance: Advance) -> bool:
        if not advance.frames or self._connection("recorder") is None:
            return True
        if self._cameras.sets - self._acknowledged < FRAMES_AHEAD:
            return True
        if time.monotonic() - advance.since >= ACKNOWLEDGE_TIMEOUT_S:
            self._recorder_is_late = True
        return self._recorder_is_late

    def _do_reset(self, reset: Reset) -> None:
        from sim.operators.operator import Operator

        self._reset = None
        self._max_steps = reset.max_steps
        self._scene.reset(reset.seed)
        self._stage = 0
        self._operator = Operator(self._scene, reset.seed)
        self._operator_ticks = None
        self._finished = False
        for leader in self._leaders:
            leader.settle()
        for follower in self._followers:
            follower.sense()
        self._paused = True
        self._answer(reset.connection, {"ok": True})

    def _publish_status(self) -> None:
        status = self._status.begin()
        best = self._scene.best_stage
        status["best_stage"] = best
        status["last_stage"] = len(self._scene.stage_names) - 1
        status["best_name"] = self._scene.stage_names[best].encode()
        status["cpu_render_ns"] = self._cameras.cpu_ns
        self._status.commit()

    # -- the socket

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        self._roles[connection.fileno()] = ("", connection)
        self._poll.register(connection, select.POLLIN)

    def _connection(self, role: str) -> socket.socket | None:
        return next((c for name, c in self._roles.values() if name == role), None)

    def _serve(self, descriptor: int) -> None:
        role, connection = self._roles[descriptor]
        try:
            message = receive(connection)
        except Exception:  # closed, or not speaking the protocol: either way it is out
            self._drop(descriptor)
            return
        try:
            self._obey(descriptor, role, connection, message)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            self._answer(connection, {"error": f"Cannot obey {message!r}: {error!r}"})

    def _obey(
        self, descriptor: int, role: str, connection: socket.socket, message: Message
    ) -> None:
        match message.get("op"):
            case "hello":
                if self._connection(str(message["role"])) is not None:
                    raise ValueError("that role is taken")
                self._roles[descriptor] = (str(message["role"]), connection)
                if message["role"] == "recorder":
                    self._acknowledged = self._cameras.sets
                    self._recorder_is_late = False
            case "advance" if role == "control":
                self._advance = Advance(connection, bool(message["frames"]))
            case "ack":
                self._acknowledged = max(self._acknowledged, int(message["frame"]) + 1)
                self._recorder_is_late = False
            case "reset" if role == "session":
                if int(message["seed"]) < 0:
                    raise ValueError("a seed is not negative")
                self._reset = Reset(connection, int(message["seed"]), int(message["max_steps"]))
                if self._connection("control") is None:
                    self._do_reset(self._reset)
            case "resume":
                self._paused = False
            case "score":
                self._answer(connection, self._score())
            case other:
                self._answer(connection, {"error": f"Unknown request {other!r} from {role!r}."})

    def _score(self) -> Message:
        return {
            "stage": int(self._stage),
            "best": int(self._scene.best_stage),
            "stages": list(self._scene.stage_names),
        }

    def _drop(self, descriptor: int) -> None:
        role, connection = self._roles.pop(descriptor)
        self._poll.unregister(connection)
        connection.close()
        if role == "session":  # nobody is left to resume
            self._paused, self._reset = False, None
        if self._advance is not None and self._advance.connection is connection:
            self._advance = None

    def _answer(self, connection: socket.socket, message: Message) -> None:
        with contextlib.suppress(OSError):  # its end is gone; the poll will tell
            send(connection, message)


def _hands(readings: Any) -> dict[Side, Any]:
    """Operator readings (14,) to the joint angles of each leader, gripper as its servo's angle."""
    hands = {}
    for side in SIDES:
        hand = readings[arm_slice(side)].copy()
        hand[ARM_DOF] = leader_angle(hand[ARM_DOF])
        hands[side] = hand
    return hands


def main(arguments: list[str] | None = None) -> int:
    """Entry of the world process; names its ports on stdout when it is ready."""
    parser = argparse.ArgumentParser(prog="python -m sim.world")
    parser.add_argument("config", type=Path)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args(arguments)
    try:
        config = build(WorldConfig, read_json(options.config), str(options.config))
        os.environ["MUJOCO_GL"] = choose_gl()
        world = _create(config)
    except (ConfigError, SimError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        place = config.runtime_dir
        sys.stderr.write(f"The simulated world has no room in {place}: {error.strerror}.\n")
        return 2
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: world.leave())
    die_with_parent(options.parent)
    ports = " ".join(f"{name}={bus.port}" for name, bus in world.buses.items())
    gc.freeze()  # MuJoCo's and numpy's modules need not be walked through again and again
    with contextlib.suppress(BrokenPipeError):  # the session is gone already: SIGTERM follows
        os.write(sys.stdout.fileno(), f"{ports}\n".encode())
    world.run()
    return 0


def _create(config: WorldConfig) -> World:
    """Import MuJoCo only now: MUJOCO_GL must be set before its first import."""
    from sim.cameras.render import Renderer
    from sim.scenes.scene import Scene

    sizes = {(camera.height, camera.width) for camera in config.cameras}
    if len(sizes) != 1:
        raise ConfigError("All simulated cameras must have the same width and height.")
    height, width = sizes.pop()
    scene = Scene(config.scene, height, width)
    renderer = Renderer(scene, quality=config.quality)
    for camera in config.cameras:
        if camera.name not in renderer.camera_names:
            known = ", ".join(renderer.camera_names)
            raise ConfigError(f"The scene has no camera {camera.name!r}; it has {known}.")
    return World(config, scene, renderer)


if __name__ == "__main__":
    sys.exit(main())
