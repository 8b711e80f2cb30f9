"""Everything that a display of a session shows, as values. Unknown numbers are None."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import CameraState
from recorder.status import Verdict
from session.config import Purpose
from session.kind import RigKind
from session.status import Phase, TakeState
from teleop.tick import Need, Outcome, State


@dataclass(frozen=True, slots=True)
class TrackingFacts:
    """How far the followers are from the recording that is played back.

    Attributes:
        joint, error_rad: the arm joint that is farthest, and how far; "" and None: not known.
        limit_rad: from there on the arms hold.
    """

    episode: str
    joint: str
    error_rad: float | None
    limit_rad: float


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """Where the session is in its flow.

    Attributes:
        prompt: of the task, as it goes into the episodes.
        question: what the operator is asked for just now; "": nothing.
        state: of the arms; None before the first tick.
        attempt: the episode that is next or under way, from 1, of `episodes`; 0: none are recorded.
        accepted: of this collection; `rejected`: takes of this session that do not count.
        episode: number in its file's name.
        elapsed_s, longest_s: of the episode being recorded, in its own time.
        reset_left_s: until the scene should be reset, negative when it should have been; None: no
            countdown.
        pausing: the next episode waits until the operator goes on.
        silent_s: since the session was heard of.
        pace: seconds of the session's time per second; 1 where it is the wall's.
        stage: of the simulated task, e.g. "2/4 lifted"; "" on real rigs.
        by_grippers: opening and closing both leader grippers starts.
        tracking: while an episode is played back, how far from the recording the arms are.
        policy: what leads in the operator's place; "": nothing does.
    """

    kind: RigKind = RigKind.REAL
    rig: str = ""
    task: str = ""
    prompt: str = ""
    purpose: Purpose = "record"
    phase: Phase = Phase.STARTING
    question: str = ""
    state: State | None = None
    need: Need = Need.NOTHING
    attempt: int = 0
    episodes: int = 0
    accepted: int = 0
    rejected: int = 0
    saved: int = 0
    successes: int = 0
    faults: int = 0
    episode: int | None = None
    step: int | None = None
    elapsed_s: float | None = None
    longest_s: float | None = None
    reset_left_s: float | None = None
    pausing: bool = False
    silent_s: float = 0.0
    pace: float | None = None
    stage: str = ""
    by_grippers: bool = False
    tracking: TrackingFacts | None = None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class BusFacts:
    """The packets of one arm.

    Attributes:
        name: e.g. "leader_left".
        lost, again: replies lost for good, and asked for again, since the start.
        lost_lately: for good in the last ten seconds.
        voltage_v: the lowest of its servos; None while unknown.
        errors: servo alarms in words, e.g. "5 overload"; "": none.
    """

    name: str
    connected: bool
    lost: int
    again: int
    lost_lately: int
    voltage_v: float | None = None
    errors: str = ""


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """How control keeps its time.

    Attributes:
        lockstep: time waits for the simulated world: nothing can be late.
        late_ms, late_max_ms: 99th percentile and largest of the last ten seconds.
        histogram: ticks of the last ten seconds by how late they began; bin i from
            `tui.facts.loop.LATE_EDGES_MS[i]` on.
        missed, missed_lately: deadlines left out since the start, and in the last ten seconds.
        silent_s: since the newest tick, on the wall's clock; None in lock-step.
        realtime: what the system granted: "real time, memory locked", "ordinary", ...
    """

    rate_hz: float
    wanted_hz: float
    lockstep: bool
    late_ms: float
    late_max_ms: float
    histogram: tuple[int, ...]
    missed: int
    silent_s: float | None
    realtime: str
    buses: tuple[BusFacts, ...]
    missed_lately: int = 0


@dataclass(frozen=True, slots=True)
class JointFacts:
    """One joint of leader and follower.

    Attributes:
        name: e.g. "left_waist"; order and number as the rig has them.
        leader, follower: where they are, as shares 0-1 of the follower's range; None: not known.
        apart: leader minus follower's command or position, rad (gripper: share); None: not known.
        limited: limits that changed its command in the last second, in words: "", "velocity".
        temperature_degc, effort: of the follower, the hotter servo of a pair; effort as
            `ArmsFacts.effort_unit` has it.
        effort_share: of what its servo may take, 0-1.
        held: its newest reading is not new.
    """

    name: str
    leader: float | None
    follower: float | None
    apart: float | None
    limited: str = ""
    temperature_degc: int | None = None
    effort: float | None = None
    effort_share: float | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class ArmsFacts:
    """How the arms do.

    Attributes:
        led_by: what leads the followers, in a word: where `leader` of a joint is.
        following: the followers follow: leader and follower should agree.
        effort_unit: "mA" or "%".
        hottest: servo and its temperature, degC.
    """

    joints: tuple[JointFacts, ...]
    following: bool
    effort_unit: str
    hottest: tuple[str, int] | None = None
    led_by: str = "leader"


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """One camera.

    Attributes:
        rate_hz: as its pictures arrive; None while unknown.
        silent_s: since its newest picture; None: there was none.
        age_ms: of its picture in the newest step; None outside episodes.
        stale: that picture was older than two periods.
        stale_steps: of this episode.
    """

    name: str
    state: CameraState
    rate_hz: float | None
    wanted_hz: float
    silent_s: float | None
    age_ms: float | None = None
    stale: bool = False
    stale_steps: int = 0
    reconnects: int = 0


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What the recorder says.

    Attributes:
        skew_ms: between the cameras' pictures in the newest step.
        queue, room: steps that wait for their JPEGs, and how many may.
        dropped, missing: steps of this episode without pictures of their own, and lost ones.
        finalising: episodes that wait to become files.
        journal_mb, mb_s: of this episode, and how fast it grows.
        disk_left_s: of recording.
        disk_low: no episode can start.
        silent_s: since the recorder was heard of.
    """

    cameras: tuple[CameraFacts, ...]
    skew_ms: float | None
    queue: int
    room: int
    dropped: int
    missing: int
    finalising: int
    journal_mb: float
    mb_s: float | None
    disk_left_s: float
    disk_low: bool
    silent_s: float
    last_saved: tuple[int, Verdict] | None = None


@dataclass(frozen=True, slots=True)
class TakeFacts:
    """What has become of one take (`session.status.TAKE_DTYPE`)."""

    episode: int
    state: TakeState
    outcome: Outcome
    verdict: Verdict
    length_s: float
    reason: str = ""
    advice: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a camera. `image`: (H, W, 3) uint8 RGB, at most 60 x 80."""

    camera: str
    number: int
    image: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at a session. `takes`: newest first."""

    now_s: float
    session: SessionFacts = field(default_factory=SessionFacts)
    loop: LoopFacts | None = None
    arms: ArmsFacts | None = None
    recording: RecordingFacts | None = None
    takes: tuple[TakeFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A line that the session has said. `level`: "info", "warning" or "error"."""

    text: str
    level: str = "info"
    time: str = ""
    """Of the day, HH:MM:SS."""
