"""`act-eval`: sessions on the simulated rig, and what is counted, told and kept of them."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_harness import ROOT, alive, small_rig, wait_until
from tiny_policy import tiny_policy

from act.checkpoints.checkpoint import load, save
from act.rollout import evaluate_cli
from act.rollout.evaluate import SEEDS, STAGES, evaluate, usual_rig, wilson
from act.rollout.execution import ExecutionConfig
from act.rollout.led_session import Pilot
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from session.processes import environment
from teleop.tick import Led

STEPS = 30


class Bench:
    """A rig with one small camera, a task with little time, a policy that has learned nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rig, self.task = folder, small_rig(folder, 0.5, 1), folder / "quick.toml"
        text = (ROOT / "configs" / "tasks" / "transfer_cube.toml").read_text()
        self.task.write_text(re.sub(r"(?m)^max_steps = \d+", f"max_steps = {STEPS}", text))
        self.policy = tiny_policy(folder / "runs" / "best")

    def command(self, out: Path, *more: object, policy: Path | None = None) -> list[str]:
        words = (policy or self.policy, "--task", self.task, "--rig", self.rig, "--out", out)
        return [
            sys.executable,
            "-m",
            "act.rollout.evaluate_cli",
            *map(str, (*words, "--threads", 1, *more)),
        ]

    def evaluate(
        self, out: Path, *more: object, policy: Path | None = None
    ) -> tuple[int, Any, str]:
        """Exit status, the JSON report, what is said on stderr."""
        done = subprocess.run(
            [*self.command(out, *more, policy=policy), "--json"],
            capture_output=True,
            text=True,
            timeout=250,
            env=environment(),
            check=False,
        )
        return done.returncode, json.loads(done.stdout or "null"), done.stderr


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def rolled(bench: Bench) -> Path:
    """The folder of an evaluation of three seeds, in two sessions. To be read only."""
    out = bench.folder / "rolled"
    status, report, said = bench.evaluate(out, "--seeds", 3, "--jobs", 2)
    assert (status, said) == (0, "")
    assert json.loads((out / "report.json").read_text()) == report
    return out


def episodes(out: Path) -> dict[int, Path]:
    """Files by seed."""
    found = {}
    for path in out.glob("part_*/*/*.hdf5"):
        with contextlib.suppress(EpisodeError), EpisodeReader(path) as episode:
            found[episode.facts.seed or 0] = path
    return found


@pytest.mark.sim
def test_a_rollout_is_an_episode_that_the_policy_has_led(bench: Bench, rolled: Path) -> None:
    report = json.loads((rolled / "report.json").read_text())
    identity = load(bench.policy).identity
    assert [each["seed"] for each in report["rollouts"]] == list(SEEDS[:3])
    assert (report["successes"], report["left"], report["trouble"]) == (0, [], "")
    assert report["latency_ms"]["p99"] >= report["latency_ms"]["p50"] > 0
    for each in report["rollouts"]:
        with EpisodeReader(Path(each["episode"])) as episode:
            policy = json.loads(episode.facts.policy or "")
            assert (policy["identity"], policy["evaluating"]) == (identity, True)
            assert set(episode.column("/tandem/led")) == {Led.POLICY}
            assert (episode.facts.success, episode.steps) == ("failure", each["ticks"])
            assert STEPS / 2 < episode.steps <= STEPS


@pytest.mark.sim
def test_what_is_missing_is_made_again_and_comes_out_the_same(bench: Bench, rolled: Path) -> None:
    out = bench.folder / "again"
    shutil.copytree(rolled, out)
    lost = episodes(out)[SEEDS[1]]
    lost.unlink()
    (out / "part_1" / "transfer_cube" / "episode_7.hdf5").write_text("no HDF5")  # is no rollout
    kept = {path: path.stat().st_mtime_ns for path in episodes(rolled).values()}
    status, report, said = bench.evaluate(out, "--seeds", 3)
    assert (status, said) == (0, "")
    assert [each["seed"] for each in report["rollouts"]] == list(SEEDS[:3])
    with (
        EpisodeReader(episodes(out)[SEEDS[1]]) as made,
        EpisodeReader(episodes(rolled)[SEEDS[1]]) as before,
    ):
        assert made.path.name != lost.name  # a number is never used again
        assert np.array_equal(made.column("/action"), before.column("/action"))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.sim
def test_a_policy_that_answers_nonsense_has_failed_and_the_arms_hold(
    bench: Bench, tmp_path: Path
) -> None:
    policy = tiny_policy(tmp_path / "policy")
    sound = load(policy)
    blown_up = np.full(14, 1e-29, np.float32)  # so that all but the mean is beyond all numbers
    save(policy, replace(sound, stats=replace(sound.stats, qpos_std=blown_up)))
    out = tmp_path / "out"
    status, report, said = bench.evaluate(out, "--seeds", 2, policy=policy)
    assert (status, said) == (0, "")
    assert [each["success"] for each in report["rollouts"]] == [False, False]
    assert {each["fault"] for each in report["rollouts"]} == {
        "The policy's answer is no finite number for every joint."
    }
    for path in episodes(out).values():
        with EpisodeReader(path) as episode:
            action = episode.column("/action")
            assert episode.facts.success == "unlabelled"
            assert np.isfinite(action).all()
            assert np.ptp(action, axis=0).max() < 0.01


@contextlib.contextmanager
def running(words: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    """An `act-eval`, whose sessions have a folder for their runtime directories of their own."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        words, stdout=pipe, stderr=pipe, text=True, env=environment(), start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stdout is not None
    assert any(words in line for line in process.stdout), process.communicate()


def sessions(out: Path) -> list[dict[str, int]]:
    """Process IDs by name, of each session that records below this folder."""
    parent, found = Path(os.environ["TANDEM_RUNTIME_PARENT"]), []
    for config in parent.glob("tandem-*/session.json"):
        with contextlib.suppress(OSError, ValueError):
            if json.loads(config.read_text())["out"].startswith(str(out)):
                pids = config.parent.glob("*.pid")
                found.append({each.stem: int(each.read_text()) for each in pids})
    return found


@pytest.mark.sim
def test_ctrl_c_ends_the_sessions_and_says_how_to_go_on(bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with running(bench.command(out, "--seeds", 40)) as process:
        wait_for(process, "1 of 40 rollouts")
        pids = [pid for session in sessions(out) for pid in session.values()]
        assert len(pids) == 5
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        wait_until(lambda: not any(map(alive, pids)), 30, "the end of the session")
    assert process.returncode == 130
    report = json.loads((out / "report.json").read_text())
    done = len(report["rollouts"])
    assert 1 <= done < 40
    assert f"Interrupted: {40 - done} of 40 seeds are left. To go on: the same command" in said
    assert len(report["left"]) == 40 - done


@pytest.mark.sim
def test_a_policy_that_is_killed_costs_an_attempt_and_no_rollout(
    bench: Bench, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with running(bench.command(out, "--seeds", 3)) as process:
        wait_for(process, "1 of 3 rollouts")
        (pids,) = sessions(out)
        os.kill(pids["policy"], signal.SIGKILL)
        told, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    report = json.loads((out / "report.json").read_text())
    assert [each["seed"] for each in report["rollouts"]] == list(SEEDS[:3])
    assert {each["fault"] for each in report["rollouts"]} == {""}
    assert "Success: 0 of 3, 0%" in told


@pytest.mark.sim
def test_a_session_that_cannot_be_is_told_and_not_tried_for_ever(
    bench: Bench, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    folder = out / "part_0" / "transfer_cube"
    folder.mkdir(parents=True)
    (folder / ".next_episode").write_text("no number")
    status, report, said = bench.evaluate(out, "--seeds", 2)
    assert status == 1
    assert report["left"] == list(SEEDS[:2])
    assert "2 of 2 seeds are left. To go on: the same command with --out" in said
    assert str(folder) in said.partition("2 of 2")[0]  # the reason
    assert said.count("\n") == 1


def judged(rolled: Path, out: Path, **changes: tuple[str, Sequence[int]]) -> Path:
    """A copy of that evaluation in which rollouts came out differently: outcome, stages."""
    shutil.copytree(rolled, out)
    for path, (success, stages) in zip(
        sorted(out.glob("part_*/*/*.hdf5")), changes.values(), strict=True
    ):
        with h5py.File(path, "r+") as file:
            file.attrs["success"] = np.bytes_(success)
            file["/tandem/stage"][: len(stages)] = stages
    return out


@pytest.fixture
def counted(rolled: Path, tmp_path: Path) -> Path:
    """One has succeeded, one has lifted the cube and lost it, one never touched it."""
    return judged(
        rolled,
        tmp_path / "counted",
        first=("success", [0, 1, 2, 3, 3]),
        second=("failure", [0, 2, 1]),
        third=("failure", [0]),
    )


@pytest.mark.sim
def test_it_counts_who_came_how_far_at_best(bench: Bench, counted: Path) -> None:
    report = evaluate(
        bench.policy, out=counted, task=str(bench.task), rig=str(bench.rig), seeds=SEEDS[:3]
    )
    assert report.reached == {"touched": 2, "lifted": 2, "attempted transfer": 1, "transferred": 1}
    assert (report.successes, report.left) == (1, [])
    assert report.success_ticks == report.rollouts[0].ticks
    assert [each.stage for each in report.rollouts] == [4, 2, 0]
    assert report.interval == wilson(1, 3)


@pytest.mark.sim
@pytest.mark.parametrize(("keep", "left"), [("all", 3), ("failures", 2), ("none", 0)])
def test_what_is_told_filmed_and_kept(
    bench: Bench, counted: Path, keep: str, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = bench.command(counted, "--seeds", 3, "--keep", keep)[3:]
    films = ["--videos"] if keep == "failures" else []
    assert evaluate_cli.main([*words, *films]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "Success: 1 of 3, 33% (95 %: 6% to 79%), in 0." in said.out
    assert "  lifted                  2   67%" in said.out
    assert f"Failed after 'lifted': seeds {SEEDS[1]}." in said.out
    assert f"Failed after 'none': seeds {SEEDS[2]}." in said.out
    assert len(episodes(counted)) == left
    if films:
        names = {path.name for path in (counted / "videos").iterdir()}
        assert names == {f"seed_{SEEDS[1]}_lifted.mp4", f"seed_{SEEDS[2]}_none.mp4"}


@pytest.mark.sim
def test_a_folder_of_another_evaluation_is_refused(
    bench: Bench, rolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = bench.command(rolled, "--seeds", 3, "--execute", 10)[3:]
    assert evaluate_cli.main(words) == 2
    sentence = f"{rolled} has rollouts of another policy or rig, or executed in another way"
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--rig", "aloha"], "Rig 'aloha' is a real one: act-run has a policy lead it."),
        (["--rig", "simm"], "Unknown rig 'simm'. Did you mean 'sim'?"),
        (["--task", "batery"], "Unknown task 'batery'. Did you mean 'battery'?"),
        (["--execute", "21"], "This policy predicts 20 ticks: too few to ask it every 21."),
        (["--execute", "5", "--ensemble-decay", "0.1"], "run open loop or averaged with others"),
        (["--seeds", "0"], "--seeds must be 1 or more"),
        (["--jobs", "0"], "--jobs 1 to 64"),
        (["--device", "gpu"], "There is no device 'gpu'"),
        (["--devise", "cpu"], "did you mean --device?"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(
    bench: Bench,
    tmp_path: Path,
    options: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) if "--devise" in options else contextlib.nullcontext():
        assert evaluate_cli.main([str(bench.policy), "--out", str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"cameras": ("cam_high", "cam_top")}, "it needs cam_top, and the rig has cam_high"),
        ({"size": (480, 640)}, "cam_high gives 320x240 px, and the policy takes 640x480"),
        ({"size": (96, 96)}, "cam_high gives 320x240 px, and the policy takes 96x96"),
    ],
)
def test_a_policy_that_does_not_fit_the_rig_is_refused(
    tmp_path: Path, policy: dict[str, Any], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_policy(tmp_path / "policy", **policy)
    words = [str(folder), "--rig", "sim-small", "--out", str(tmp_path / "out")]
    assert evaluate_cli.main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("act-eval: The policy cannot lead on rig 'sim-small': ")
    assert sentence in said


@pytest.mark.parametrize(
    ("meta", "sentence"),
    [
        ({"fps": 30}, "it learned 30 steps a second, and the rig makes 50"),
        ({"joint_names": ["left_waist"]}, "it moves left_waist, and the rig has left_waist, left_"),
    ],
)
def test_other_joints_or_another_rate_are_refused(
    tmp_path: Path, meta: dict[str, Any], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_policy(tmp_path / "policy", size=(240, 320))
    checkpoint = load(folder)
    save(folder, replace(checkpoint, meta=checkpoint.meta | meta))
    assert evaluate_cli.main([str(folder), "--out", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err


def test_large_pictures_need_the_large_rig(
    tmp_path: Path,
) -> None:
    """Without a rig that is named, the small one is taken where it will do."""
    small, large = (
        tiny_policy(tmp_path / f"{size}", size=size) for size in ((240, 320), (480, 640))
    )
    pilots = [Pilot.find(each, ExecutionConfig(), "cpu", 1) for each in (small, large)]
    assert [usual_rig(each) for each in pilots] == ["sim-small", "sim"]


@pytest.mark.sim
def test_the_stages_are_those_of_the_scenes() -> None:
    from sim.scenes.task import SCENES, load_task  # needs MuJoCo

    assert {scene: load_task(scene).stage_names for scene in SCENES} == STAGES


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (43, 50, 0.7381, 0.9305), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(successes: int, count: int, low: float, high: float) -> None:
    assert wilson(successes, count) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_is_in_its_interval(counts: tuple[int, int]) -> None:
    successes, count = counts
    low, high = wilson(successes, count)
    assert 0 <= low <= successes / count <= high <= 1
    mirrored = wilson(count - successes, count)
    assert mirrored == pytest.approx((1 - high, 1 - low))
