"""The recorder's loop: ticks decide, frames are aligned to them, steps are journaled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

from recorder.align import align
from recorder.camera import Camera, Record
from recorder.config import EpisodePlan, RecorderConfig, plan_path
from recorder.encode import EncodePool
from recorder.errors import JournalError, RecorderError
from recorder.events import Event, Events
from recorder.finalise import Saved
from recorder.finaliser import Finaliser
from recorder.folder import free_bytes
from recorder.header import EpisodeHeader
from recorder.numbering import episode_path, journal_path
from recorder.open_episode import OpenEpisode
from recorder.scene import SceneReader
from recorder.status import MAX_STATUS_CAMERAS, NONE, RecorderState
from recorder.status_board import StatusBoard
from recorder.tick_stream import TickStream
from recorder.world_link import WorldLink
from teleop.config import ConfigError, build, read_json
from teleop.tick import NO_EPISODE, Outcome

REPORT_INTERVAL_S = 0.04
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
        self._episode: OpenEpisode | None = None
        self._skipped = NO_EPISODE
        self._lost = 0
        self._disk_due = 0.0
        self._report_due = 0.0
        self._reported: tuple[int, ...] = ()
        self._t_ns = 0  # of the newest tick

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
            except JournalError as error:
                self._fail(error)
            self._report()
        self._note(self._told())
        self._close(Outcome.UNLABELLED)

    def _take(self, tick: Record) -> None:
        t_ns = int(tick["t_ns"])
        told = self._told()  # of the episode that this tick ends, or else of the one that it begins
        noted = self._note(told)
        self._follow(tick)
        if self._episode:
            frames = [camera.newest_arrived_before(t_ns) for camera in self._inputs.cameras]
            scene = self._inputs.scene.at(t_ns) if self._inputs.scene else None
            step = align(tick, frames, self._periods_ns, self._episode.last, scene)
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
            self._episode.finish(outcome)
        except JournalError as error:
            self._fail(error)
            return
        self._finaliser.submit(self._episode.path)
        self._episode = None
        self._board.state = RecorderState.READY

    def _fail(self, error: JournalError) -> None:
        self._say(str(error), None)
        self._board.state = RecorderState.FAILED
        if self._episode:
            self._episode.abandon()
            self._finaliser.submit(self._episode.path, recovered=True)
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
            cameras=config.cameras,
            state_size=scene.state_size if scene else 0,
            software=config.software,
            servos=config.servos,
            quality=config.quality,
            faults=config.faults,
            sides=config.sides,
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
        self._report_episode()
        self.report_saved()
        if monotonic() >= self._disk_due:
            self._disk_due = monotonic() + DISK_INTERVAL_S
            status["disk_free_bytes"] = free_bytes(self._config.dataset_dir)
        self._board.publish()

    def _news(self) -> tuple[int, ...]:
        """What is worth a status at once: once a step, not at every wake-up of the loop."""
        episode = self._episode
        journaled = (episode.number, episode.steps_journaled) if episode else (NONE, 0)
        return (int(self._board.state), self._finaliser.pending(), *journaled)

    def _report_episode(self) -> None:
        status, episode = self._board.status, self._episode
        status["episode"] = episode.number if episode else NONE
        status["step"] = int(episode.last.tick["step"]) if episode and episode.last else NONE
        status["encode_queue"] = episode.queued() if episode else 0
        status["encode_cpu_ns"] = self._pool.cpu_ns
        if not episode or not episode.last:
            status["stale_cameras"] = 0
            return
        status["steps_journaled"] = episode.steps_journaled
        status["journal_bytes"] = episode.journal_bytes
        status["missing_steps"] = episode.missing_steps
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
        if saved.note:
            self._say(f"{name}: {saved.note}", None)
