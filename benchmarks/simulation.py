"""What the simulated rig costs, and whether it stays what it is over a long session.

    python benchmarks/simulation.py [--transactions N] [--episodes N] [--task NAME] [--seed S]

Two tables. CPU time of the emulated servo bus for each kind of transaction, measured around the
bus's own work (a request in, replies out, through a real pseudo-terminal, in this process). And one
session that records N episodes in a row with small pictures: memory, open files, processes and
pseudo-terminals after the tenth and after the last episode, and how often MuJoCo has warned.
`--episodes 0` leaves the second out; 100 take about a quarter of an hour.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import dataclasses
import os
import statistics
import tempfile
import termios
import time
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from session import runtime_dir
from session.config import SessionConfig, load_rig, load_task
from session.launch import launch
from session.status import STATUS_RING
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from teleop.config import ConfigError
from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM
from teleop.lockstep import WORLD_STATUS, LockstepError, receive
from teleop.packets import BROADCAST_ID, Instruction, packet, sync_read, sync_write
from teleop.ring import RingError, RingReader

PROCESSES = ("world", "control", "recorder", "session")
WARM_UP = 10
"""Episodes after which everything that is made once has been made."""
SMALL = {"width": 64, "height": 48}
ALL_IDS = tuple(range(1, SERVOS_PER_ARM + 1))
FAST_SYNC_READ = 0x8A
BULK_READ = 0x92
CHUNK = 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transactions", type=int, default=5000)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--task", default="transfer_cube")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("## CPU time of the emulated bus\n")
    print("| transaction | median of chunks | range | bytes out | bytes in |")
    print("| --- | --- | --- | --- | --- |")
    for name, request in transactions():
        costs, replied = transaction_cost(request, options.transactions)
        print(
            f"| {name} | {statistics.median(costs):.0f} us | {min(costs):.0f}-{max(costs):.0f} "
            f"| {len(request)} | {replied} |",
            flush=True,
        )
    if options.episodes > 0:
        print(f"\n## {options.episodes} episodes of {options.task} in one session\n", flush=True)
        long_session(options.task, options.episodes, options.seed)


# ---- the bus ----------------------------------------------------------------------------------


def transactions() -> list[tuple[str, bytes]]:
    """What is asked of an arm of nine servos, by name."""
    goals = {servo_id: (2048).to_bytes(4, "little") for servo_id in JOINT_SERVO_IDS}
    present = (126).to_bytes(2, "little") + (10).to_bytes(2, "little")
    bulk = b"".join(bytes((servo_id,)) + present for servo_id in ALL_IDS)
    return [
        ("sync read, 9 x 10 bytes", sync_read(ALL_IDS, 126, 10)),
        ("sync write, 7 goals", sync_write(116, 4, goals)),
        ("fast sync read, 9 x 10 bytes", _packet(FAST_SYNC_READ, present + bytes(ALL_IDS))),
        ("bulk read, 9 x 10 bytes", _packet(BULK_READ, bulk)),
        ("read, 10 bytes", packet(1, bytes((Instruction.READ,)) + present)),
        ("write, 1 byte", packet(1, bytes((Instruction.WRITE, 65, 0, 1)))),
        ("ping", packet(1, bytes((Instruction.PING,)))),
    ]


def _packet(instruction: int, parameters: bytes) -> bytes:
    return packet(BROADCAST_ID, bytes((instruction,)) + parameters)


def transaction_cost(request: bytes, count: int) -> tuple[list[float], int]:
    """CPU of the bus in us a transaction, averaged over chunks; and how many bytes it answers."""
    bus = ServoBus(aloha_servos("follower"))
    host = os.open(bus.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    _line_speed(host)
    replied, costs = 0, []
    try:
        for chunk in range(1 + max(1, count // CHUNK)):
            spent_ns = 0
            for _ in range(CHUNK):
                os.write(host, request)
                before_ns = time.thread_time_ns()
                handled = bus.service(time.monotonic_ns())
                spent_ns += time.thread_time_ns() - before_ns
                if handled != 1:
                    sys.exit(f"The bus took {handled} packets for one request.")
                replied = _drain(host)
            if chunk:  # the first one warms caches up
                costs.append(spent_ns / CHUNK / 1000)
    finally:
        os.close(host)
        bus.close()
    return costs, replied


def _line_speed(host: int) -> None:
    tty.setraw(host)
    attributes = termios.tcgetattr(host)
    attributes[4] = attributes[5] = termios.B1000000
    termios.tcsetattr(host, termios.TCSANOW, attributes)


def _drain(host: int) -> int:
    total = 0
    while True:
        try:
            total += len(os.read(host, 4096))
        except BlockingIOError:
            return total


# ---- a long session ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a session holds at one moment."""

    memory_mb: dict[str, float]
    files: dict[str, int]
    processes: int
    terminals: int
    runtime_files: int


def long_session(task: str, episodes: int, seed: int) -> None:
    """Record in one session and print what it held."""
    rig_file = load_rig("sim")
    cameras = tuple(dataclasses.replace(camera, **SMALL) for camera in rig_file.cameras)
    rig_file = dataclasses.replace(rig_file, cameras=cameras)
    terminals = _terminals()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        directory = runtime_dir.create()
        config = SessionConfig(rig_file, load_task(task), episodes, seed, folder, str(directory))
        began = time.monotonic()
        footprints, warnings, failed = _watch(config, directory)
        lasted_s = time.monotonic() - began
    print(f"{len(footprints)} episodes in {lasted_s:.0f} s, without success at seeds: {failed}.")
    print(f"MuJoCo warnings: {warnings}.")
    print(f"Pseudo-terminals before and after the session: {terminals}, {_terminals()}.")
    print(f"The runtime directory is {'still there' if directory.exists() else 'gone'}.\n")
    _report(footprints)


def _watch(config: SessionConfig, directory: Path) -> tuple[list[Footprint], int, list[int]]:
    """Follow the session: what it held after each episode, MuJoCo's warnings, seeds that failed."""
    connection = launch(config)
    connection.settimeout(0.1)
    footprints: list[Footprint] = []
    failed: list[int] = []
    warnings = saved = successes = 0
    while True:
        status = _newest(directory / STATUS_RING)
        if status is not None and int(status["saved"]) > saved:
            if int(status["successes"]) == successes:
                failed.append(config.seed + saved)
            saved, successes = int(status["saved"]), int(status["successes"])
            world = _newest(directory / WORLD_STATUS)
            warnings = warnings if world is None else int(world["warnings"])
            footprints.append(footprint(directory))
        try:
            if receive(connection).get("event") == "ended":
                return footprints, warnings, failed
        except LockstepError as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise


def _newest(path: Path) -> object:
    try:
        with RingReader(path) as ring:
            return ring.newest()
    except (OSError, RingError):
        return None


def footprint(directory: Path) -> Footprint:
    """Of the session whose runtime directory this is."""
    pids = {name: int((directory / f"{name}.pid").read_text()) for name in PROCESSES}
    return Footprint(
        {name: _memory_mb(pid) for name, pid in pids.items()},
        {name: len(os.listdir(f"/proc/{pid}/fd")) for name, pid in pids.items()},
        len(_family(pids["session"])),
        _terminals(),
        len(os.listdir(directory)),
    )


def _memory_mb(pid: int) -> float:
    """Resident memory of its own: shared rings are counted with nobody."""
    text = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return int(fields["RssAnon"].split()[0]) / 1024


def _family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _terminals() -> int:
    return int(Path("/proc/sys/kernel/pty/nr").read_text())


def _report(footprints: Sequence[Footprint]) -> None:
    if len(footprints) <= WARM_UP:
        sys.exit(f"Too few episodes to tell: more than {WARM_UP} are needed.")

    def row(name: str, value: Callable[[Footprint], float], form: str) -> None:
        first, last = value(footprints[WARM_UP - 1]), value(footprints[-1])
        most = max(map(value, footprints[WARM_UP - 1 :]))
        print(f"| {name} | {first:{form}} | {last:{form}} | {most:{form}} |")

    print(f"| what | after {WARM_UP} episodes | after {len(footprints)} | most |")
    print("| --- | --- | --- | --- |")
    for name in PROCESSES:
        row(f"memory of {name}, MB", lambda f, n=name: f.memory_mb[n], ".1f")
    for name in PROCESSES:
        row(f"open files of {name}", lambda f, n=name: f.files[n], "d")
    row("processes", lambda f: f.processes, "d")
    row("pseudo-terminals on this machine", lambda f: f.terminals, "d")
    row("files in the runtime directory", lambda f: f.runtime_files, "d")


if __name__ == "__main__":
    try:
        main()
    except ConfigError as error:
        sys.exit(str(error))
