"""Control on four emulated buses: is it on time, what does it cost, what do faults do to it?

    python benchmarks/teleop_loop.py [--seconds 600] [--rows fifo silent noise same-work normal]

Every row is a whole session on `sim.emulated_rig` (four buses at 1 Mbps with wire time and 1 ms of
USB latency, leaders led by hands), recorded with four 640x480 pattern cameras at 50 Hz. Beside it
runs a bare sleeper: a process that does nothing but sleep to the same 50 Hz deadlines, scheduled as
control is.

- fifo: lateness, time on the bus, CPU
- silent: one servo of 36 does not answer
- noise: 1 reply in 50 lost, noise on the lines
- same-work: control's transactions by stock dynamixel-sdk and by a bare loop (`same_work.py`)
- normal: as fifo, but the system grants no real-time scheduling; last, as this process and what it
  starts cannot get the right back

Run it with the machine otherwise idle. Half a minute a row (--seconds 30) shows the same medians.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import ctypes
import json
import os
import platform
import resource
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.emulated_session import CAMERAS, Rig, Seen, Watched, in_an_episode
from teleop.joints import BUS_NAMES, SERVOS_PER_ARM
from teleop.rig_config import SafetyConfig
from teleop.tick import Realtime, Stage, State

ROWS = ("fifo", "silent", "noise", "same-work", "normal")
BAUD = 1_000_000
LATENCY_MS = 1.0
REQUEST_BYTES, REPLY_BYTES = 23, SERVOS_PER_ARM * 21
"""A sync read of ten bytes from each of nine servos."""
USB_PACKET_BYTES = 62
LATE_MS = 20.0
SILENT = ("follower_left", 4)
SILENT_FROM_STEP = 100
SHORT_S = 60
"""What rows take that do not wait for rare things."""
PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23


def main() -> None:
    """Run the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--episode-seconds", type=int, default=60)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}")
    seen: dict[str, Any] = {}
    for name in [row for row in ROWS if row in options.rows]:
        print(f"\n## {name}\n", flush=True)
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=roomy()) as folder:
            row = {"fifo": fifo, "silent": silent, "noise": noise, "normal": normal}.get(name)
            if row is None:
                same_work(Path(folder), min(options.seconds, SHORT_S), seen.get("fifo"))
            else:
                seen[name] = row(Path(folder), options.seconds, options.episode_seconds)


def roomy() -> str | None:
    """Where a few episodes of a minute (0.5 GB each) may lie: not in memory."""
    return "/var/tmp" if os.access("/var/tmp", os.W_OK) else None


# ---- lateness, bus, CPU --------------------------------------------------------------------------


def fifo(folder: Path, seconds: int, episode_s: int) -> Seen:
    """Real-time scheduling, where the system grants it."""
    with Rig(folder / "ports") as rig:
        seen = Watched(rig, folder, seconds, episode_s).run()
    report_lateness(seen)
    report_bus(seen)
    report_cpu(seen)
    return seen


def normal(folder: Path, seconds: int, episode_s: int) -> Seen:
    """The same for a user without the right to real-time scheduling."""
    with Rig(folder / "ports") as rig:  # adapters do not depend on users' rights
        give_up_realtime()
        seen = Watched(rig, folder, seconds, episode_s).run()
    report_lateness(seen)
    report_bus(seen)
    return seen


def give_up_realtime() -> None:
    """Whatever is started from here on is refused SCHED_FIFO, root's processes too."""
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)  # refused unless root: no need


def report_lateness(seen: Seen) -> None:
    """How late ticks began, beside the sleeper's."""
    ticks, sleeper = seen.ticks, seen.sleeper
    late = ticks["t_ns"] - ticks["deadline_ns"]
    episode = in_an_episode(ticks)
    skipped = np.diff(ticks["missed"].astype(np.int64), prepend=ticks["missed"][0])
    granted = bool(int(ticks["realtime"][-1]) & Realtime.FIFO)
    head("who", "FIFO", "ticks", "p50 ms", "p99 ms", "max ms", f"> {LATE_MS:g} ms late", "skipped")
    lateness_row("control", granted, late, skipped.sum())
    within = episode & np.roll(episode, 1)  # the tick before was one of an episode as well
    lateness_row("control, in episodes", granted, late[episode], skipped[within].sum())
    sleeper_late = np.array(sleeper["late_ns"])
    lateness_row("bare sleeper", sleeper["fifo"], sleeper_late, sleeper["missed"])
    ratio = np.percentile(late, 99) / np.percentile(sleeper_late, 99)
    print(f"\np99 of control / of the sleeper: {ratio:.2f}")
    lost, again = seen.counted.sum(axis=1)
    print(
        f"recorded: {seen.steps} steps, {len(CAMERAS)} cameras; {seen.repeats} of {seen.rows} "
        f"frames repeat the one before; replies asked for again {again}, lost {lost}\n"
    )


def lateness_row(name: str, granted: bool, late_ns: np.ndarray, skipped: int) -> None:
    """One row of the table of lateness; a slot that nothing began in is skipped."""
    late_ms = late_ns / 1e6
    p50, p99 = np.percentile(late_ms, (50, 99))
    over = int((late_ms > LATE_MS).sum())
    fifo = "yes" if granted else "NO"
    row(name, fifo, len(late_ms), f"{p50:.3f}", f"{p99:.3f}", f"{late_ms.max():.2f}", over, skipped)


def wire_limit_ms() -> float:
    """From the first byte of a sync read's request to the last of its replies, at the least.

    Bits of request and replies at ten a byte, and the latency timer for what the last USB packet
    of 62 bytes leaves over.
    """
    rest = REPLY_BYTES % USB_PACKET_BYTES
    bits_ms = 10 * (REQUEST_BYTES + REPLY_BYTES) / BAUD * 1e3
    if not rest:
        return bits_ms
    first_of_rest_ms = 10 * (REQUEST_BYTES + REPLY_BYTES - rest + 1) / BAUD * 1e3
    return max(bits_ms, first_of_rest_ms + LATENCY_MS)


def report_bus(seen: Seen) -> None:
    """Time on the bus and of the stages, against what the wire allows."""
    ticks = seen.ticks[seen.ticks["state"] == State.FOLLOWING]
    bus_ms = (ticks["bus_read_ns"].max(axis=1) - ticks["t_ns"]) / 1e6
    limit_ms = wire_limit_ms()
    print(
        f"Wire limit of a tick's read: ({REQUEST_BYTES} + {REPLY_BYTES} bytes) x 10 bit / "
        f"{BAUD / 1e6:g} Mbps, the last {REPLY_BYTES % USB_PACKET_BYTES} bytes after "
        f"{LATENCY_MS:g} ms: {limit_ms:.2f} ms. All four buses at once.\n"
    )
    head("following", "p50 ms", "p99 ms", "max ms", "p50 / wire limit")
    stage_row("tick's begin to last reply", bus_ms, f"{np.median(bus_ms) / limit_ms:.2f}")
    for stage in Stage:
        stage_row(f"stage {stage.name.lower()}", ticks["stage_ns"][:, stage] / 1e6, "")
    print()


def stage_row(name: str, duration_ms: np.ndarray, ratio: str) -> None:
    """One row of the table of durations."""
    p50, p99 = np.percentile(duration_ms, (50, 99))
    row(name, f"{p50:.3f}", f"{p99:.3f}", f"{duration_ms.max():.2f}", ratio)


def report_cpu(seen: Seen) -> None:
    """Who needs how much of a core while the arms follow."""
    head("process", "CPU, % of a core")
    for name, share in sorted(seen.cpu.items()):
        row(name, f"{share:.1%}")
    print()


# ---- faults --------------------------------------------------------------------------------------


def silent(folder: Path, seconds: int, episode_s: int) -> Seen:
    """One servo stops answering two seconds into the episode, and answers again after it."""
    bus, servo = SILENT
    told: list[bool] = []

    def silence(step: int) -> None:
        if len(told) == (0 if step >= SILENT_FROM_STEP else 1 if step < 0 else -1):
            told.append(not told)
            rig.ask("silence", bus=bus, servo=servo, on=told[-1])

    with Rig(folder / "ports") as rig:
        safety = SafetyConfig(lost_ticks_to_hold=1_000_000)
        length_s = min(seconds, episode_s, SHORT_S)  # one episode
        seen = Watched(rig, folder, length_s, length_s, safety, silence).run()
    report_silent(seen)
    return seen


def report_silent(seen: Seen) -> None:
    """Whose data are missing, tick by tick."""
    ticks = seen.ticks[in_an_episode(seen.ticks)]
    held = ticks["held"]
    bus, index = BUS_NAMES.index(SILENT[0]), SILENT[1] - 1
    gone = np.flatnonzero(held[:, bus, index])
    if not len(gone):
        print("The servo was never missing: too few ticks?")
        return
    after = held[gone[0] :].copy()
    own = after[:, bus, index].copy()
    after[:, bus, index] = False
    others = after.any(axis=(1, 2))
    head(
        "ticks from the first silence on", "its own data missing", "others' missing", "which, when"
    )
    where = [
        f"{BUS_NAMES[bus]} {index + 1} in tick {tick + 1}"
        for tick, bus, index in np.argwhere(after)[:10].tolist()
    ]
    row(len(own), int(own.sum()), int(others.sum()), "; ".join(where) or "-")
    observe_ms = ticks["stage_ns"][gone, Stage.OBSERVE] / 1e6
    print(
        f"\nobserve meanwhile: p50 {np.median(observe_ms):.2f}, at most {observe_ms.max():.2f} ms\n"
    )
    report_lateness(seen)


NOISE = """seed = 4
{}
"""
NOISE_OF_A_BUS = """
[[faults]]
kind = "lost"
bus = "{bus}"
share = 0.02
since = "episode"
episode = {episode}
at_s = 1.0
for_s = {for_s}

[[faults]]
kind = "noise"
bus = "{bus}"
share = 0.02
since = "episode"
episode = {episode}
at_s = 1.0
for_s = {for_s}
"""


def noise(folder: Path, seconds: int, episode_s: int) -> Seen:
    """Lost replies and noise on all four buses, within the episodes only."""
    length_s = min(seconds, episode_s)
    script = folder / "faults.toml"
    script.write_text(
        NOISE.format(
            "".join(
                NOISE_OF_A_BUS.format(bus=bus, episode=episode, for_s=length_s - 3)
                for episode in range(1, 1 + -(-seconds // length_s))
                for bus in BUS_NAMES
            )
        )
    )
    steps = [-1]

    def begin(step: int) -> None:
        if step >= 0 > steps[-1]:
            rig.ask("episode")
        steps.append(step)

    with Rig(folder / "ports", "--faults", str(script)) as rig:
        seen = Watched(rig, folder, seconds, episode_s, on_look=begin).run()
        counters = rig.counters()
    report_noise(seen, counters, seconds)
    return seen


def report_noise(seen: Seen, counters: dict[str, dict[str, int]], seconds: int) -> None:
    """What the lines lost, and what of that the files have."""
    head("bus", "replies", "lost", "spoilt", "bursts of noise", "file: asked again", "file: lost")
    lost = again = 0
    for index, (name, count) in enumerate(counters.items()):
        lost += count["lost_replies"] + count["spoilt_replies"]
        again += int(seen.counted[:, index].sum())
        row(
            name,
            count["replies"],
            count["lost_replies"],
            count["spoilt_replies"],
            count["noise_bursts"],
            int(seen.counted[1, index]),
            int(seen.counted[0, index]),
        )
    following = np.count_nonzero(seen.ticks["state"] == State.FOLLOWING)
    left = sorted(
        {State(int(s)).name.lower() for s in seen.ticks["state"][in_an_episode(seen.ticks)]}
    )
    held = seen.ticks["held"][in_an_episode(seen.ticks)].any(axis=(1, 2)).sum()
    report_lateness(seen)
    print(f"\nlost or spoilt by the lines: {lost}; in the files, asked again or lost: {again}")
    print("(the files have more where a reply came too late: the lines have not lost that one)")
    print(f"ticks in episodes with a value that was not read anew: {held} of {seen.steps}")
    print(f"states within episodes: {', '.join(left)}; following {following} ticks, "
          f"{seconds * 50} asked for\n")  # fmt: skip


# ---- the same work by others ---------------------------------------------------------------------


def same_work(folder: Path, seconds: int, control: Seen | None) -> None:
    """Control's transactions by stock dynamixel-sdk, and by a loop that only moves the bytes."""
    head("who", "CPU, % of a core", "reads and goals p50 ms", "p99 ms", "late p99 ms",
         "slots skipped", "reads failed")  # fmt: skip
    if control is not None:
        control_row(control)
    names = {"bytes": "the bytes alone, one poll", "sdk": "dynamixel-sdk, ports in turn",
             "sdk-threads": "dynamixel-sdk, four threads"}  # fmt: skip
    shares = {}
    for how, name in names.items():
        with Rig(folder / how) as rig:
            program = Path(__file__).with_name("same_work.py")
            command = [sys.executable, str(program), how, str(seconds), *rig.ports.values()]
            measured = json.loads(subprocess.run(command, stdout=subprocess.PIPE).stdout)
        shares[name] = measured["cpu"]
        p50, p99 = np.percentile(np.array(measured["done_ns"]) / 1e6, (50, 99))
        late = np.percentile(np.array(measured["late_ns"]) / 1e6, 99)
        row(name, f"{measured['cpu']:.1%}", f"{p50:.2f}", f"{p99:.2f}", f"{late:.2f}",
            f"{measured['missed']} of {measured['missed'] + len(measured['late_ns'])}",
            measured["missing"])  # fmt: skip
    if control is not None:
        print("\nCPU of control / of " + ", ".join(
            f"{name}: {control.cpu['control'] / share:.2f}" for name, share in shares.items()
        ))  # fmt: skip


def control_row(seen: Seen) -> None:
    """Control in the row `fifo`, while it also limits, publishes, and watches over the servos."""
    ticks = seen.ticks[seen.ticks["state"] == State.FOLLOWING]
    p50, p99 = np.percentile(ticks["stage_ns"][:, :3].sum(axis=1) / 1e6, (50, 99))
    late = np.percentile((ticks["t_ns"] - ticks["deadline_ns"]) / 1e6, 99)
    missed = int(ticks["missed"][-1]) - int(ticks["missed"][0])
    unread = int((ticks["held"].any(axis=2)).sum())
    row("control (recording)", f"{seen.cpu['control']:.1%}", f"{p50:.2f}", f"{p99:.2f}",
        f"{late:.2f}", f"{missed} of {missed + len(ticks)}", unread)  # fmt: skip


# ---- tables --------------------------------------------------------------------------------------


def head(*names: str) -> None:
    """The head of a table."""
    row(*names)
    row(*["---"] * len(names))


def row(*cells: object) -> None:
    """One line of a table."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
