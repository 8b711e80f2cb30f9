"""The recorder's loop: ticks decide, frames are aligned to them, steps are journaled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic, monotonic_ns
from uuid import uuid4

from recorder.align import align
from recorder.camera_watch import CameraWatch
from recorder.cameras.camera import Camera, Record
from recorder.cameras.webcam_address import without_password
from recorder.config import EpisodePlan, RecorderConfig, plan_path
from recorder.disk_watch import DiskWatch
from recorder.encode import EncodePool
from recorder.errors import JournalError, RecorderError
from recorder.events import Event, Events
from recorder.finalise import Saved
from recorder.finaliser import Finaliser
from recorder.header import EpisodeHeader
from recorder.numbering import episode_path, journal_path
from recorder.open_episode import MAX_QUEUE, OpenEpisode
from recorder.scene import SceneReader
from recorder.status import MAX_STATUS_CAMERAS, NONE, RecorderState
from recorder.status_board import StatusBoard
from recorder.tick_stream import TickStream
from recorder.verdict import in_sentences, verdict_of
from recorder.world_link import WorldLink
from teleop.config import ConfigError, build, read_json
from teleop.tick import NO_EPISODE, Outcome

REPORT_INTERVAL_S = 0.04
BUSY_SHARE = 0.25
"""Of the encoders' queue: when so much of it is full, the operator is told."""
DISK_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where everything that is recorded comes from; opened by `recorder.main`."""

    ticks: TickStream
    events: Sequence[Events]
    cameras: Sequence[Camera]
    scene: SceneReader | None
    world: WorldLink | None


class Recorder:
    """Records the episodes of one session into one folder.

    Episodes are opened and closed from ticks alone. What cannot be journaled any more is said, the
    state becomes FAILED, and what was journaled is saved.
    """

    def __init__(
        self,
        config: RecorderConfig,
        inputs: Inputs,
        board: StatusBoard,
        pool: EncodePool,
        finaliser: Finaliser,
    ) -> None:
        self._config = config
        self._inputs = inputs
        self._board = board
        self._pool = pool
        self._finaliser = finaliser
        self._periods_ns = [camera.period_ns for camera in config.cameras]
        self._watch = CameraWatch(inputs.cameras, config.cameras)
        self._disk = DiskWatch(config, inputs.scene.state_size if inputs.scene else 0)
        self._episode: OpenEpisode | None = None
        self._skipped = NO_EPISODE
        self._lost = 0
        self._disk_due = 0.0
        self._report_due = 0.0
        self._reported: tuple[int, ...] = ()
        self._t_ns = 0  # of the newest tick
        self._told_busy = NO_EPISODE

    def run(self) -> None:
        """Record until control has ended or the process is told to; then save what is open."""
        board, ticks = self._board, self._inputs.ticks
        board.state = RecorderState.READY
        board.publish()
        for tick in ticks:
            try:
                if tick is not None:
                    self._take(tick)
                if self._episode:
                    self._episode.journal_encoded()
                self._acknowledge()
                self._report()
            except JournalError as error:
                self._fail(error)
        try:
            self._note(self._told())
        except JournalError as error:
            self._fail(error)
        self._close(Outcome.UNLABELLED)

    def _take(self, tick: Record) -> None:
        t_ns = int(tick["t_ns"])
        told = self._told()  # of the episode that this tick ends, or else of the one that it begins
        noted = self._note(told)
        self._follow(tick)
        if self._episode:
            frames = [camera.newest_arrived_before(t_ns) for camera in self._inputs.cameras]
            scene = self._inputs.scene.at(t_ns) if self._inputs.scene else None
            # The simulated world waits for its pictures to be taken; nothing else can.
            behind = self._episode.is_behind and self._inputs.world is None
            step = align(tick, frames, self._periods_ns, self._episode.last, scene, dropped=behind)
            self._episode.append(step)
        if not noted:
            self._note(told)
        self._note_losses(tick)
        self._t_ns = t_ns

    def _acknowledge(self) -> None:
        """Let the simulated world have back the frames that are encoded, or not needed."""
        free_ns = self._episode.free_ns(self._t_ns) if self._episode else self._t_ns
        if self._inputs.world and not self._inputs.world.acknowledge(free_ns):
            self._say("The simulated world is gone.", None)

    def _follow(self, tick: Record) -> None:
        """Open and close episodes as the tick says."""
        number = int(tick["episode"])
        if self._episode and number != self._episode.number:
            told = int(tick["last_episode"]) == self._episode.number
            self._close(Outcome(int(tick["outcome"])) if told else Outcome.UNLABELLED)
        failed = self._board.state is RecorderState.FAILED
        if number not in (NO_EPISODE, self._skipped) and not self._episode and not failed:
            self._open(number, tick)

    def _open(self, number: int, tick: Record) -> None:
        folder = self._config.dataset_dir
        journal = journal_path(folder, number)
        if journal.exists() or episode_path(folder, number).exists():
            self._skip(number, tick)
            return
        header = self._header(self._plan(number, tick))
        self._episode = OpenEpisode(journal, header, self._pool)
        self._board.state = RecorderState.RECORDING

    def _skip(self, number: int, tick: Record) -> None:
        # In the middle of an episode we are the successor of a recorder that died: the steps it
        # journaled have been recovered, and a second file of the same episode would help nobody.
        self._skipped = number
        self._say(f"Episode {number} is in the folder already and is not recorded on.", tick)
        if int(tick["step"]) == 0:
            self._board.state = RecorderState.FAILED

    def _close(self, outcome: Outcome) -> None:
        if self._episode is None:
            return
        try:
            self._episode.end(outcome)
        except JournalError as error:
            self._fail(error)
            return
        self._finaliser.submit(self._episode.path, self._episode.close)
        self._episode = None
        self._board.state = RecorderState.READY

    def _fail(self, error: JournalError) -> None:
        self._say(str(error), None)
        self._board.state = RecorderState.FAILED
        if self._episode:
            self._finaliser.submit(self._episode.path, self._episode.close, recovered=True)
        self._episode = None

    def _plan(self, number: int, tick: Record) -> EpisodePlan:
        path = plan_path(self._config.runtime_dir, number)
        try:
            return replace(build(EpisodePlan, read_json(path), path.name), number=number)
        except ConfigError as error:  # a demonstration is worth more than its label
            self._say(f"Episode {number} has no plan, so its prompt stays empty: {error}", tick)
            return EpisodePlan(number, self._config.dataset_dir.name, "")

    def _header(self, plan: EpisodePlan) -> EpisodeHeader:
        config, scene = self._config, self._inputs.scene
        return EpisodeHeader(
            episode_id=uuid4().hex,
            number=plan.number,
            task=plan.task,
            prompt=plan.prompt,
            scene=plan.scene if scene else None,  # emulated or real arms have none
            seed=plan.seed if scene else None,
            started_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
            rig_name=config.rig_name,
            simulated=config.simulated,
            time_base=config.time_base,
            rate_hz=config.rate_hz,
            effort_unit=config.effort_unit,
            recording=config.recording,
            cameras=tuple(
                replace(camera, device=without_password(camera.device)) for camera in config.cameras
            ),
            state_size=scene.state_size if scene else 0,
            software=config.software,
            servos=config.servos,
            quality=config.quality,
            faults=config.faults,
            sides=config.sides,
            about=tuple(camera.about() for camera in self._inputs.cameras),
            limits=config.limits,
        )

    def _told(self) -> list[Event]:
        """What world and control have said since the last call, in order of time."""
        told = [event for events in self._inputs.events for event in events.new()]
        return sorted(told, key=lambda event: event.t_ns)

    def _note(self, events: Sequence[Event]) -> bool:
        """Put what was told into the open episode; False if there is none."""
        if self._episode is None:
            return False
        for event in events:
            self._episode.note(event.t_ns, event.text)
        return True

    def _note_losses(self, tick: Record) -> None:
        lost, self._lost = self._inputs.ticks.lost - self._lost, self._inputs.ticks.lost
        if lost:
            self._say(f"{lost} ticks were overwritten before the recorder read them.", tick)

    def _say(self, text: str, tick: Record | None) -> None:
        t_ns, number = (int(tick["t_ns"]), int(tick["number"])) if tick is not None else (0, 0)
        self._board.say(text, t_ns, number)
        if self._episode and tick is not None:
            self._episode.note(t_ns, f"recorder: {text}")

    def _report(self) -> None:
        news = self._news()
        if news == self._reported and monotonic() < self._report_due:
            return
        self._reported = news
        self._report_due = monotonic() + REPORT_INTERVAL_S
        status = self._board.status
        status["tick_lag"] = self._inputs.ticks.lag()
        self._report_cameras()
        self._report_episode()
        self.report_saved()
        if monotonic() >= self._disk_due:
            self._disk_due = monotonic() + DISK_INTERVAL_S
            for sentence in self._disk.look(self._episode, status):
                self._say(sentence, None)
        self._board.publish()

    def _report_cameras(self) -> None:
        """How the cameras do, and what has changed about that: told, and put into the episode."""
        lives = self._config.time_base == "monotonic"  # simulated time stands where its ticks are
        t_ns = monotonic_ns() if lives else self._t_ns
        for news in self._watch.look(t_ns, self._board.status):
            self._board.say(news, t_ns)
            if self._episode:
                self._episode.note(t_ns, f"recorder: {news}")

    def _news(self) -> tuple[int, ...]:
        """What is worth a status at once: once a step, not at every wake-up of the loop."""
        episode = self._episode
        journaled = (episode.number, episode.steps_journaled) if episode else (NONE, 0)
        return (int(self._board.state), self._finaliser.pending(), *journaled)

    def _report_episode(self) -> None:
        status, episode = self._board.status, self._episode
        status["episode"] = episode.number if episode else NONE
        status["step"] = int(episode.last.tick["step"]) if episode and episode.last else NONE
        status["encode_queue"] = queued = episode.queued() if episode else 0
        status["encode_room"] = MAX_QUEUE
        status["encode_cpu_ns"] = self._pool.cpu_ns
        if not episode or not episode.last:
            status["stale_cameras"] = 0
            status["skew_ns"], status["camera_age_ns"] = NONE, NONE
            return
        status["steps_journaled"] = episode.steps_journaled
        status["journal_bytes"] = episode.journal_bytes
        status["missing_steps"] = episode.missing_steps
        status["dropped_steps"] = episode.dropped_steps
        status["skew_ns"] = episode.last.skew_ns
        for index, frame in enumerate(episode.last.frames[:MAX_STATUS_CAMERAS]):
            status["camera_age_ns"][index] = frame.age_ns
        if queued > BUSY_SHARE * MAX_QUEUE and self._told_busy != episode.number:
            self._told_busy = episode.number
            self._say(
                f"Encoding is behind: {queued} steps wait for their pictures, {MAX_QUEUE} may.",
                episode.last.tick,
            )
        flags = [frame.stale for frame in episode.last.frames][:MAX_STATUS_CAMERAS]
        status["stale_cameras"] = sum(stale << bit for bit, stale in enumerate(flags))
        status["stale_steps"][: len(flags)] = episode.stale_steps[:MAX_STATUS_CAMERAS]

    def report_saved(self) -> None:
        """Put what the finaliser has done into the status."""
        status = self._board.status
        status["finalise_queue"] = self._finaliser.pending()
        for result in self._finaliser.results():
            if isinstance(result, RecorderError):
                self._say(str(result), None)
                status["state"] = RecorderState.FAILED
            elif result.path is None:
                self._say(f"Episode {result.number} had no step and is not saved.", None)
            else:
                self._report_file(result, result.path.name)

    def _report_file(self, saved: Saved, name: str) -> None:
        status = self._board.status
        status["last_saved_episode"] = saved.number
        status["last_saved_steps"] = saved.steps
        status["last_saved_bytes"] = saved.size_bytes
        status["last_saved_outcome"] = saved.outcome
        status["last_saved_verdict"] = verdict_of(saved.judgement)
        if saved.note:
            self._say(f"{name}: {saved.note}", None)
        for sentence in in_sentences(saved.judgement):
            self._say(f"{name}: {sentence}", None)
