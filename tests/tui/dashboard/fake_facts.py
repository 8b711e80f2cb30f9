"""Facts of every state that a dashboard can show, with a clock that stands still."""

import math
from dataclasses import replace
from typing import Any, Final

import numpy as np

from recorder.cameras.camera import CameraState
from recorder.status import Verdict
from session.kind import RigKind
from session.status import Phase, TakeState
from teleop.joints import JOINT_NAMES
from teleop.tick import Need, Outcome, State
from tui.facts.facts import (
    ArmsFacts,
    BusFacts,
    CameraFacts,
    Facts,
    JointFacts,
    LoopFacts,
    Message,
    RecordingFacts,
    SessionFacts,
    TakeFacts,
    Thumbnail,
    TrackingFacts,
)
from tui.facts.loop import LATE_EDGES_MS

NOW_S: Final = 5000.0
CLOCK: Final = "14:03:27"
KEYS: Final = {
    **{"go_on": "Enter", "hold": "Space", "success": "s", "failure": "f", "discard": "d"},
    **{"redo": "r", "undo": "u", "accept": "a", "note": "n", "pause": "p", "rest": "e"},
    **{"detach": "q", "cameras": "c", "theme": "t"},
}
CAMERA_NAMES: Final = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
MESSAGES: Final = (
    Message("Session started: task battery, 50 episodes, 14 of them there.", "info", "13:58:02"),
    Message("cam_low gave no picture for 0.4 s in episode 14.", "warning", "14:00:41"),
    Message("Episode 15 saved: 812 steps, 41 MB, ok.", "info", "14:01:55"),
    Message(
        "follower_right servo 4 is at 63 °C: let the arms rest for some minutes, or take the load "
        "off the elbow.",
        "warning",
        "14:02:30",
    ),
    Message("Episode 16 saved: 797 steps, 40 MB; 1 warning.", "info", "14:03:01"),
)  # fmt: skip


def buses(lost: tuple[int, ...] = (0, 0, 3, 0), **changes: Any) -> tuple[BusFacts, ...]:
    names = ("leader_left", "leader_right", "follower_left", "follower_right")
    volts = (12.1, 12.1, 11.9, 12.0)
    return tuple(
        replace(BusFacts(name, True, count, 0, 0, volt), **changes)
        for name, count, volt in zip(names, lost, volts, strict=False)
    )


def loop(**changes: Any) -> LoopFacts:
    counts = [round(380 * math.exp(-(((i - 11) / 4.5) ** 2))) for i in range(len(LATE_EDGES_MS))]
    counts[22] = 1
    facts = LoopFacts(
        rate_hz=50.0,
        wanted_hz=50.0,
        lockstep=False,
        late_ms=0.42,
        late_max_ms=3.1,
        histogram=tuple(counts),
        missed=0,
        silent_s=0.01,
        realtime="real time, memory locked",
        buses=buses(),
    )
    return replace(facts, **changes)


def joint(index: int, t_s: float, **changes: Any) -> JointFacts:
    leader = 0.5 + 0.42 * math.sin(t_s * (0.5 + 0.03 * index) + index)
    follower = 0.5 + 0.42 * math.sin((t_s - 0.06) * (0.5 + 0.03 * index) + index)
    facts = JointFacts(
        name=JOINT_NAMES[index],
        leader=leader,
        follower=follower,
        apart=3.0 * (leader - follower),
        temperature_degc=36 + index,
        effort=60.0 + 37 * index,
        effort_share=0.05 * index,
    )
    return replace(facts, **changes)


def arms(t_s: float = 1.0, joints: int = 14, **changes: Any) -> ArmsFacts:
    all_joints = tuple(joint(index, t_s) for index in range(joints))
    return replace(ArmsFacts(all_joints, True, "mA", ("follower_right 6", 49)), **changes)


def with_joint(facts: ArmsFacts, index: int, **changes: Any) -> ArmsFacts:
    joints = list(facts.joints)
    joints[index] = replace(joints[index], **changes)
    return replace(facts, joints=tuple(joints))


def camera(name: str = "cam_high", **changes: Any) -> CameraFacts:
    facts = CameraFacts(name, CameraState.LIVE, 30.0, 30.0, 0.02, 12.0)
    return replace(facts, **changes)


def recording(names: tuple[str, ...] = CAMERA_NAMES, **changes: Any) -> RecordingFacts:
    facts = RecordingFacts(
        cameras=tuple(camera(name, age_ms=9.0 + 3 * i) for i, name in enumerate(names)),
        skew_ms=11.0,
        queue=3,
        room=64,
        dropped=0,
        missing=0,
        finalising=0,
        journal_mb=21.4,
        mb_s=2.3,
        disk_left_s=7.4 * 3600,
        disk_low=False,
        silent_s=0.05,
        last_saved=(16, Verdict.WARN),
    )
    return replace(facts, **changes)


def with_camera(facts: RecordingFacts, index: int, **changes: Any) -> RecordingFacts:
    cameras = list(facts.cameras)
    cameras[index] = replace(cameras[index], **changes)
    return replace(facts, cameras=tuple(cameras))


TAKES: Final = (
    TakeFacts(
        16, TakeState.ACCEPTED, Outcome.SUCCESS, Verdict.WARN, 15.9,
        "The right gripper chatters: 14 changes of direction in 2 s.",
        "Hold the right leader's gripper more firmly, or record it again.",
    ),
    TakeFacts(15, TakeState.ACCEPTED, Outcome.SUCCESS, Verdict.OK, 16.2),
    TakeFacts(
        14, TakeState.REJECTED, Outcome.FAILURE, Verdict.REJECT, 12.0,
        "cam_low: 9 % of the steps have a stale picture.",
        "Look at the cable of cam_low.",
        "battery fell down",
    ),
    TakeFacts(13, TakeState.DISCARDED, Outcome.UNLABELLED, Verdict.OK, 4.4),
    TakeFacts(12, TakeState.ACCEPTED, Outcome.SUCCESS, Verdict.OK, 17.3, label="slow, but fine"),
    TakeFacts(11, TakeState.LOST, Outcome.UNLABELLED, Verdict.UNKNOWN, 0.0, "a bus was lost"),
    TakeFacts(10, TakeState.ACCEPTED, Outcome.SUCCESS, Verdict.OK, 15.0),
)  # fmt: skip


def session(**changes: Any) -> SessionFacts:
    facts = SessionFacts(
        kind=RigKind.REAL,
        rig="aloha",
        task="battery",
        prompt="Insert the battery into the remote control.",
        phase=Phase.RECORDING,
        state=State.FOLLOWING,
        attempt=17,
        episodes=50,
        accepted=16,
        rejected=3,
        saved=17,
        successes=15,
        episode=17,
        step=620,
        elapsed_s=12.4,
        longest_s=24.0,
        by_grippers=True,
    )
    return replace(facts, **changes)


def facts(t_s: float = 1.0, **changes: Any) -> Facts:
    """A session of two pairs that records its 17th episode."""
    whole = Facts(NOW_S + t_s, session(), loop(), arms(t_s), recording(), TAKES)
    return replace(whole, **changes)


def idle(phase: Phase, **changes: Any) -> Facts:
    """Between two episodes."""
    settled = tuple(
        replace(each, apart=0.02, leader=each.follower and each.follower + 0.01)
        for each in arms(2.0).joints
    )
    still = replace(arms(2.0), joints=settled, following=False)
    calm = recording(mb_s=None, journal_mb=0.0, queue=0, skew_ms=None)
    calm = replace(calm, cameras=tuple(replace(each, age_ms=None) for each in calm.cameras))
    between = {"elapsed_s": None, "step": None, "state": State.WAITING}
    return facts(session=session(phase=phase, **{**between, **changes}), arms=still, recording=calm)


def _waiting() -> Facts:
    return idle(
        Phase.READY,
        question="Open and close both grippers, or Enter: episode 17 starts.",
        reset_left_s=4.2,
    )


def _holding() -> Facts:
    return idle(
        Phase.HOLDING,
        reset_left_s=8.0,
        state=State.HOLDING,
        question="The arms hold: cam_low gives no pictures. Look at its plug, support the arms if "
        "one of them is limp, then Enter: go on with episode 17.",
    )


def _fault() -> Facts:
    gone = (*buses()[:3], replace(buses()[3], connected=False, voltage_v=None, lost=41))
    still = idle(
        Phase.FAULT,
        state=State.HOLDING,
        need=Need.PLUG,
        faults=1,
        question="The bus follower_right is gone: plug its adapter in, then Enter.",
    )
    held = tuple(
        replace(each, follower=None, apart=None, held=True, effort=None, temperature_degc=None)
        if each.name.startswith("right")
        else each
        for each in arms().joints
    )
    return replace(
        still,
        loop=loop(buses=gone, missed=2, late_ms=6.3, late_max_ms=41.0),
        arms=ArmsFacts(held, False, "mA"),
    )


def _trouble() -> Facts:
    """A recording in which everything goes wrong that does not stop it."""
    hot = with_joint(arms(), 9, leader=0.62, follower=0.44, temperature_degc=73, effort_share=0.95)
    hot = with_joint(hot, 10, temperature_degc=62, limited="velocity")
    hot = with_joint(hot, 3, limited="position+velocity", held=True)
    pictures = recording(queue=51, dropped=7, missing=1, disk_left_s=1100.0, finalising=2)
    pictures = with_camera(
        pictures, 1, state=CameraState.LOST, silent_s=3.2, stale=True, stale_steps=151
    )
    pictures = with_camera(pictures, 2, stale=True, age_ms=140.0, stale_steps=12)
    pictures = with_camera(pictures, 3, rate_hz=21.0)
    lossy = (*buses()[:2], replace(buses()[2], lost=12, again=31, lost_lately=9), buses()[3])
    lossy = (replace(lossy[0], voltage_v=10.4), *lossy[1:3], replace(lossy[3], errors="5 overload"))
    counts = tuple(count // 3 + 4 * (18 < i < 27) for i, count in enumerate(loop().histogram))
    late = loop(
        buses=lossy,
        late_ms=7.9,
        late_max_ms=21.6,
        missed=3,
        missed_lately=1,
        histogram=counts,
        rate_hz=48.7,
    )
    return facts(arms=hot, recording=pictures, loop=late)


def _simulated() -> Facts:
    stepped = loop(lockstep=True, silent_s=None, buses=buses((0, 0, 0, 0)), late_ms=0.0)
    return facts(
        session=session(kind=RigKind.SIMULATED, rig="sim", stage="2/4 lifted", pace=0.34),
        loop=stepped,
    )


def _long_names() -> Facts:
    task = "Batteriefachdeckelverschlussueberpruefung"
    prompt = (
        "Die Batterie in die Fernbedienung einlegen, den Batteriefachdeckel schließen und die "
        "Fernbedienung ordnungsgemäß auf der linken Seite des Arbeitstisches ablegen."
    )
    names = (
        "Deckenkamera_Gesamtuebersicht_01",
        "Handgelenkkamera_links_Tiefe",
        "Handgelenkkamera_rechts",
        "vorn",
    )
    reason = (
        "Die Handgelenkkamera_rechts lieferte während 12 % der Schritte keine eigenen Bilder, und "
        "der linke Greifer blieb geschlossen."
    )
    take = replace(TAKES[2], reason=reason, advice="Kabel prüfen. " * 8, episode=1016)
    return facts(
        session=session(
            rig="Zweiarmpruefstand_Nordhalle_Erdgeschoss",
            task=task,
            prompt=prompt,
            attempt=1017,
            episodes=2500,
            accepted=1016,
            rejected=213,
            episode=1229,
            pausing=True,
            longest_s=240.0,
            elapsed_s=201.4,
        ),
        recording=recording(names),
        takes=(take, *TAKES),
    )


def _one_pair() -> Facts:
    return facts(
        session=session(kind=RigKind.EMULATED, rig="tisch"),
        arms=arms(joints=7, effort_unit="%"),
        loop=loop(buses=(buses()[0], buses()[2])),
        recording=recording(("vorn", "hand")),
    )


STATES: Final = {
    "starting": Facts(NOW_S, SessionFacts(rig="aloha", task="battery")),
    "homing": idle(Phase.PREPARING, state=State.HOMING, reset_left_s=-3.0),
    "waiting": _waiting(),
    "recording": facts(),
    "simulated": _simulated(),
    "saving": idle(Phase.SAVING, reset_left_s=9.4, pausing=True),
    "holding": _holding(),
    "fault": _fault(),
    "paused": idle(Phase.PAUSED, question="Paused. Enter: go on with episode 17."),
    "review": idle(
        Phase.REVIEWING,
        attempt=51,
        accepted=50,
        saved=53,
        successes=49,
        reset_left_s=42.0,
        question="All 50 episodes are there. Enter: end.",
    ),
    "resting": idle(Phase.RESTING, state=State.RESTING),
    "mirroring": facts(
        session=session(
            phase=Phase.MIRRORING, purpose="mirror", episodes=0, elapsed_s=None, episode=None
        ),
        recording=None,
        takes=(),
    ),
    "replaying": facts(
        session=session(
            phase=Phase.REPLAYING,
            kind=RigKind.SIMULATED,
            purpose="replay",
            episodes=0,
            elapsed_s=17.0,
            longest_s=21.0,
            stage="2/4 lifted",
            tracking=TrackingFacts("episode_123456", "right_forearm_roll", -0.312, 0.35),
        ),
        recording=None,
        takes=(),
    ),
    "no_data": facts(session=session(silent_s=4.0), loop=loop(silent_s=4.0)),
    "trouble": _trouble(),
    "disk_full": replace(
        _waiting(), recording=recording(disk_left_s=40.0, disk_low=True, mb_s=None)
    ),
    "recorder_silent": facts(recording=recording(silent_s=3.0)),
    "long_names": _long_names(),
    "one_pair": _one_pair(),
    "one_camera": facts(recording=recording(CAMERA_NAMES[:1])),
    "three_cameras": facts(recording=recording(CAMERA_NAMES[:3])),
    "sixteen_cameras": facts(
        recording=with_camera(
            recording(tuple(f"camera_{i:02d}" for i in range(16))),
            11,
            state=CameraState.STALLED,
            silent_s=0.7,
        )
    ),
}  # fmt: skip


def thumbnails(whole: Facts, t_s: float = 1.0) -> tuple[Thumbnail, ...]:
    """A picture of every camera: a lit table, two things on it, and a sensor's noise."""
    if whole.recording is None:
        return ()
    return tuple(
        Thumbnail(each.name, round(30 * t_s), picture(index, t_s))
        for index, each in enumerate(whole.recording.cameras)
    )


def picture(index: int, t_s: float) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """60 x 80 RGB."""
    y, x = np.mgrid[0:60, 0:80].astype(np.float32)
    shades = 60 + 30 * np.sin(x / 40 + index), 70 + 0.6 * y, 85 + 20 * np.cos(x / 30)
    image = np.stack(shades, axis=-1) * (0.8 + 0.12 * index)
    image[y > 34 + 4 * index] += (60, 40, 15)
    across, down = 40 + 22 * math.sin(0.9 * t_s + index), 32 + 10 * math.cos(0.7 * t_s + index)
    image[(x - across) ** 2 + (y - down) ** 2 < 90] = (214, 94, 20)
    image[(abs(x - 22 - 6 * index) < 8) & (abs(y - 46) < 5)] = (235, 232, 220)
    noise = np.random.default_rng(round(1000 * t_s) + index).normal(0, 2.5, image.shape)
    pixels: np.ndarray[Any, np.dtype[np.uint8]] = (image + noise).clip(0, 255).astype(np.uint8)
    return pixels
