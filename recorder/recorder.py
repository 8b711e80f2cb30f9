"""The recorder's loop: ticks decide, frames are aligned to them, steps are journaled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from recorder.align import align
from recorder.cameras.camera import Camera, Frame, Record
from recorder.cameras.webcam_address import without_password
from recorder.config import EpisodePlan, RecorderConfig, plan_path
from recorder.edit_desk import ALL_ARE_OVER, EditDesk
from recorder.edit_ledger import EditLedger
from recorder.episode.finaliser import Finaliser
from recorder.errors import JournalError
from recorder.events import Event, Events
from recorder.folder.numbering import is_taken, journal_path
from recorder.inbox import Inbox
from recorder.journal.header import EpisodeHeader
from recorder.open_episode import OpenEpisode
from recorder.pictures.encode import EncodePool
from recorder.reporter import Reporter
from recorder.scene import SceneReader
from recorder.status import RecorderState
from recorder.status_board import StatusBoard
from recorder.tick_stream import TickStream
from recorder.world_link import WorldLink
from teleop.config import ConfigError, build, read_json
from teleop.tick import NO_EPISODE, Outcome


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where everything that is recorded comes from; opened by `recorder.main`."""

    ticks: TickStream
    events: Sequence[Events]
    cameras: Sequence[Camera]
    scene: SceneReader | None
    world: WorldLink | None
    edits: Inbox


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
        state_size = inputs.scene.state_size if inputs.scene else 0
        ledger = EditLedger()
        self._reporter = Reporter(
            config, inputs.cameras, state_size, board, pool, finaliser, ledger
        )
        self._edits = EditDesk(config, inputs.edits, finaliser, ledger, self._reporter.tell)
        self._episode: OpenEpisode | None = None
        self._skipped = NO_EPISODE
        self._newest = NO_EPISODE  # that control has told of
        self._lost = 0
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
                self._edits.take(self._episode, self._newest, self._t_ns)
                self._reporter.report(self._episode, ticks.lag(), self._t_ns)
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
            late = self._is_late(frames, t_ns)
            step = align(tick, frames, self._periods_ns, self._episode.last, scene, dropped=late)
            self._episode.append(step)
        if not noted:
            self._note(told)
        self._note_losses(tick)
        self._t_ns = t_ns

    def _is_late(self, frames: Sequence[Frame | None], t_ns: int) -> bool:
        """The tick's pictures cannot be taken any more: too many wait, or they are gone."""
        # The simulated world waits for its pictures to be taken; nothing else can.
        if self._episode and self._episode.is_behind and self._inputs.world is None:
            return True
        cameras = zip(frames, self._inputs.cameras, strict=True)
        return any(frame is None and camera.has_passed(t_ns) for frame, camera in cameras)

    def _acknowledge(self) -> None:
        """Let the simulated world have back the frames that are encoded, or not needed."""
        free_ns = self._episode.free_ns(self._t_ns) if self._episode else self._t_ns
        if self._inputs.world and not self._inputs.world.acknowledge(free_ns):
            self._reporter.say("The simulated world is gone.")

    def _follow(self, tick: Record) -> None:
        """Open and close episodes as the tick says."""
        number = int(tick["episode"])
        self._newest = max(self._newest, number, int(tick["last_episode"]))
        if self._episode and number != self._episode.number:
            told = int(tick["last_episode"]) == self._episode.number
            self._close(Outcome(int(tick["outcome"])) if told else Outcome.UNLABELLED)
        failed = self._board.state is RecorderState.FAILED
        if number not in (NO_EPISODE, self._skipped) and not self._episode and not failed:
            self._open(number, tick)

    def _open(self, number: int, tick: Record) -> None:
        folder = self._config.dataset_dir
        journal = journal_path(folder, number)
        if is_taken(folder, number):
            self._skip(number, tick)
            return
        header = self._header(self._plan(number, tick))
        self._episode = OpenEpisode(journal, header, self._pool)
        self._board.state = RecorderState.RECORDING

    def _skip(self, number: int, tick: Record) -> None:
        # In the middle of an episode we are the successor of a recorder that died: the steps it
        # journaled have been recovered, and a second file of the same episode would help nobody.
        self._skipped = number
        self._reporter.say(
            f"Episode {number} is in the folder already and is not recorded on.", tick
        )
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
        self._reporter.say(str(error))
        self._board.state = RecorderState.FAILED
        if self._episode:
            self._finaliser.submit(self._episode.path, self._episode.close, recovered=True)
        self._episode = None

    def _plan(self, number: int, tick: Record) -> EpisodePlan:
        path = plan_path(self._config.runtime_dir, number)
        try:
            return replace(build(EpisodePlan, read_json(path), path.name), number=number)
        except ConfigError as error:  # a demonstration is worth more than its label
            self._reporter.say(
                f"Episode {number} has no plan, so its prompt stays empty: {error}", tick
            )
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
            policy=plan.policy,
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
            text = f"{lost} ticks were overwritten before the recorder read them."
            self._reporter.say(text, tick, self._episode)

    def settle(self) -> bool:
        """Have edits carried out, and tell what has been done; for when there are no more ticks.

        Returns:
            Whether there is something left to be done, or to be told.
        """
        self._edits.take(None, ALL_ARE_OVER, self._t_ns)
        unfinished = self._finaliser.pending() > 0  # asked first: what is done by now, is told now
        self._reporter.report_saved()
        return unfinished

    def close(self) -> None:
        """Let the rings go that are the recorder's own."""
        self._reporter.close()
