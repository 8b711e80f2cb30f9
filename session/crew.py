"""The processes of a session: what each is started with, and the lines to control and recorder."""

import contextlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path

from recorder import edits
from recorder.config import RecorderConfig
from session.config import SessionConfig, with_ports
from session.errors import RecorderLostError, SessionError
from session.kind import RigKind
from session.policy import POLICY_FILE, PolicyProcess
from session.processes import Child
from sim.config import StartRange, WorldCamera, WorldConfig
from teleop.commands import Command, encode
from teleop.config import write_json
from teleop.lockstep import WORLD_SOCKET
from teleop.rig_config import SERVOS_FILE, ControlConfig


class Crew:
    """Starts world, control and recorder, each with a configuration file in the runtime directory.

    Attributes:
        children: by name, in the order they were started; a new recorder replaces the old one.
    """

    def __init__(self, config: SessionConfig, kind: RigKind) -> None:
        self._config = config
        self._kind = kind
        self._runtime = Path(config.runtime_dir)
        self._commands, self._control_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._commands.setblocking(False)  # a control that is stopped must not stop the session
        self._edits: socket.socket | None = None
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._policy_wake = os.eventfd(0, os.EFD_NONBLOCK)
        self.children: dict[str, Child] = {}

    def command(self, command: Command) -> None:
        """Ask something of control. What comes of it shows in the ticks."""
        with contextlib.suppress(OSError):  # control is gone; whoever watches the children sees it
            self._commands.send(encode(command))

    def edit(self, edit: edits.Edit) -> bool:
        """Ask something of the recorder; false: it is not there, or has no room just now."""
        if self._edits is None:
            return False
        try:
            self._edits.send(edits.encode(edit))
        except OSError:
            return False
        return True

    def start_world(self) -> Child:
        """Start the simulated world; it says its ports when it is ready."""
        path = self._runtime / "world.json"
        write_json(path, self._world_config())
        world = Child("world", "sim.world", [str(path)], self._runtime, speaks=True)
        self.children["world"] = world
        return world

    def start_control(self, ports: Mapping[str, str]) -> None:
        """Start control on these serial ports, by bus name."""
        rig, playback = with_ports(self._config.rig_file.rig, ports), self._config.playback
        lockstep = _in_lockstep(self._config, self._kind)
        world_socket = str(self._runtime / WORLD_SOCKET) if lockstep else None
        path = self._runtime / "control.json"
        config = ControlConfig(
            rig,
            str(self._runtime),
            world_socket,
            calibration=self._config.calibration,
            playback=playback.leader if playback else None,
            policy=self._config.policy is not None,
            mend=self._config.purpose != "rest",
        )
        write_json(path, config)
        inherited = (self._control_end.fileno(), self._wake, self._policy_wake)
        arguments = [str(path), "--commands", str(inherited[0]), "--wake", str(inherited[1])]
        if self._config.policy is not None:
            arguments += ["--wake", str(self._policy_wake)]
        self.children["control"] = Child(
            "control", "teleop.control", arguments, self._runtime, pass_fds=inherited
        )
        self._control_end.close()

    def start_policy(self) -> Child:
        """Start what predicts; it says a line when it is ready to."""
        policy, rig_file = self._config.policy, self._config.rig_file
        assert policy is not None
        path = self._runtime / POLICY_FILE
        lockstep = _in_lockstep(self._config, self._kind)
        config = PolicyProcess(
            runtime_dir=str(self._runtime),
            checkpoint=policy.checkpoint,
            cameras=rig_file.cameras,
            rate_hz=rig_file.rig.rate_hz,
            sides=rig_file.rig.sides,
            options=policy.options,
            world_socket=str(self._runtime / WORLD_SOCKET) if lockstep else None,
            steady=bool(rig_file.rendered_cameras),
        )
        write_json(path, config)
        arguments = [str(path), "--wake", str(self._policy_wake)]
        fds = (self._policy_wake,)
        child = Child("policy", policy.module, arguments, self._runtime, pass_fds=fds, speaks=True)
        self.children["policy"] = child
        return child

    def start_recorder(self) -> None:
        """Start a recorder; control has left what it found on the buses by then."""
        path = self._runtime / "recorder.json"
        servos = (self._runtime / SERVOS_FILE).read_text()
        write_json(path, recorder_config(self._config, self._kind, servos))
        recorder_end = self._line_to_recorder()
        inherited = (self._wake, recorder_end.fileno())
        arguments = [str(path), "--wake", str(inherited[0]), "--edits", str(inherited[1])]
        with recorder_end:
            self.children["recorder"] = Child(
                "recorder", "recorder.main", arguments, self._runtime, pass_fds=inherited
            )

    def _line_to_recorder(self) -> socket.socket:
        """The other end of a new line: what its predecessor has not read is not for this one."""
        if self._edits is not None:
            self._edits.close()
        self._edits, recorder_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._edits.setblocking(False)
        return recorder_end

    def check(self) -> None:
        """See that all that were started still run.

        Raises:
            RecorderLostError: the recorder does not, and did not say why.
            SessionError: another does not.
        """
        for name, child in self.children.items():
            status = child.exit_status()
            if status is None:
                continue
            words = child.last_words()
            if status > 0 and words:
                raise SessionError(words)  # it said in one sentence why it could not go on
            how = f"was killed by signal {-status}" if status < 0 else f"ended with {status}"
            text = f"The {name} process {how}."
            raise RecorderLostError(text) if name == "recorder" else SessionError(text)

    def _world_config(self) -> WorldConfig:
        rig_file, task, mode = self._config.rig_file, self._config.task, self._config.mode
        assert task.scene is not None  # collect.py refuses a task without one
        return WorldConfig(
            runtime_dir=str(self._runtime),
            scene=task.scene,
            start=self._start_ranges(),
            cameras=tuple(
                WorldCamera(camera.name, camera.width, camera.height, camera.rate_hz)
                for camera in (
                    rig_file.rendered_cameras if self._config.purpose != "replay" else ()
                )
            ),
            operator=task.operator,
            quality=mode.quality,
            realtime=mode.realtime,
            wire=rig_file.simulation,
            faults=mode.faults,
        )

    def _start_ranges(self) -> Mapping[str, StartRange]:
        """Where objects start: where a policy is judged, as the task has it for that."""
        policy, task = self._config.policy, self._config.task
        judging = policy is not None and policy.evaluating
        return {**task.start, **task.evaluation} if judging else task.start


def recorder_config(config: SessionConfig, kind: RigKind, servos: str = "") -> RecorderConfig:
    """What the recorder of a session is started with.

    Args:
        servos: what control has found on the buses.
    """
    rig_file, mode = config.rig_file, config.mode
    world = kind is RigKind.SIMULATED
    world_socket = Path(config.runtime_dir) / WORLD_SOCKET if _in_lockstep(config, kind) else None
    return RecorderConfig(
        runtime_dir=Path(config.runtime_dir),
        dataset_dir=config.dataset_dir,
        cameras=rig_file.cameras,
        recording=rig_file.recording,
        rig_name=rig_file.rig.name,
        simulated=kind is not RigKind.REAL,
        time_base="simulated" if world_socket else "monotonic",
        quality=mode.quality if world else None,
        faults=Path(mode.faults).name if mode.faults else None,
        rate_hz=rig_file.rig.rate_hz,
        world_socket=world_socket,
        scene_ring=world,
        sides=rig_file.rig.sides,
        share_frames=config.policy is not None,
        servos=servos,
        limits=config.task.quality,
        max_steps=config.task.max_steps,
        min_free_bytes=config.min_free_bytes,
    )


def _in_lockstep(config: SessionConfig, kind: RigKind) -> bool:
    """Control and recorder keep step with a world; else they follow the wall clock."""
    return kind is RigKind.SIMULATED and not config.mode.realtime
