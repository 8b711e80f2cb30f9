"""What each of the paper's ideas is worth: leave one out, train, and do the task in closed loop.

Every variant has the same preset, with the CVAE, the same seed of its training, and the same seeds
of its rollouts. What is done is kept in the folder, and not done again.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from act.checkpoints import runs
from act.checkpoints.checkpoint import load
from act.checkpoints.config_json import to_json
from act.checkpoints.swap import standing
from act.config import changed
from act.errors import ConfigError, EvaluationError
from act.rollout.evaluate import SEEDS, EvaluationReport, evaluate
from act.rollout.execution import ExecutionConfig, at_lower_rate
from act.training.cli import Setting, cores, learn
from act.training.plan import Plan
from recorder.episode.publish import write_atomically

BASELINE: Final = "baseline"
LOW_RATE_HZ: Final = 5
"""Of the leaders in the paper's user study; followers were sent what lies between."""
USUAL_HZ: Final = 50
SWEEP: Final = (10, 50, 100, 200, 400)
RECORD, TABLE, PICTURE = "ablation.json", "ablation.md", "ablation.png"
SIGNALLED: Final = 128
Row = dict[str, Any]
"""`variant`, `training`, `chunk`, `execution`, `rollouts`, `successes`, `interval` (of their share,
Wilson, 95 %), `reached` (stage: how many came so far)."""


@dataclass(frozen=True, slots=True)
class Training:
    """What is different from the preset; `name` is its folder.

    Attributes:
        model, train: fields of the configurations.
        stride: obey only each so many actions of the demonstrations. Their pictures and joints stay
            as they were: it is no new recording.
    """

    name: str
    model: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)
    stride: int = 1

    def of(self, plan: Plan) -> Plan:
        """The plan with this difference."""
        slowed = [
            replace(it, action=at_lower_rate(it.action, self.stride).astype(np.float32))
            for it in plan.episodes
        ]
        return replace(
            plan,
            episodes=plan.episodes if self.stride == 1 else slowed,
            model=changed(plan.model, **self.model),
            train=changed(plan.train, **self.train),
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """A row of the table: what is trained, how it is executed."""

    name: str
    training: Training
    execution: ExecutionConfig


Train = Callable[[Plan, Path], int]
"""Trains into a folder, or goes on with what is there; returns an exit code, 0 when it is done."""
RollOut = Callable[[Path, ExecutionConfig, Path], EvaluationReport]
"""Of a run's checkpoint, from the same seeds each time; what is in the folder is not made again."""


def paper_variants(
    chunk: int, fps: int, sweep: Sequence[int] = SWEEP, ensemble_every: int = 1
) -> list[Variant]:
    """Those of the paper, for a preset that predicts `chunk` steps of an `fps`-th of a second."""
    whole, vae = ExecutionConfig(), {"vae": True}
    baseline = Training(BASELINE, vae)
    variants = [Variant(BASELINE, baseline, whole)]
    for favor in ("older", "newer"):
        ensemble = ExecutionConfig(ensemble_every=ensemble_every, ensemble_favor=favor)
        variants.append(Variant(f"ensembling, {favor} most", baseline, ensemble))
    for k in (1, *sweep):
        if k != chunk:
            training = Training(f"chunk-{k}", vae | {"chunk": k})
            variants.append(Variant("no chunking" if k == 1 else f"chunk {k}", training, whole))
    stride = max(1, fps // LOW_RATE_HZ)
    slow = Training("slow-leaders", vae, stride=stride)
    return [
        *variants,
        Variant("no CVAE", Training("no-cvae", {"vae": False}), whole),
        Variant("L2 loss", Training("l2", vae, {"loss": "l2"}), whole),
        Variant(f"{fps // stride} Hz", slow, ExecutionConfig(control_stride=stride)),
    ]


def run(folder: Path, plan: Plan, setting: Setting) -> int:
    """The paper's ablations on the simulated rig, in a folder of their own; goes on with what was
    begun there. Returns the exit code.

    Raises:
        ConfigError: there are several processes, or the folder is not of this plan.
        ActError, OSError: as a training and `evaluate`.
    """
    if setting.ranks.count > 1:
        raise ConfigError("Ablations are made by one process: start it without torchrun.")
    jobs, device = max(1, cores() // 2), str(setting.device)

    def roll_out(run: Path, execution: ExecutionConfig, out: Path) -> EvaluationReport:
        task = plan.task
        return evaluate(run, out=out, task=task, execution=execution, jobs=jobs, device=device)

    folder.mkdir(parents=True, exist_ok=True)
    with runs.held(folder, setting.ranks):
        variants = paper_variants(plan.model.chunk, plan.meta["fps"] or USUAL_HZ)
        setting.tell(
            f"{len(variants)} variants, each trained (where it differs in that) and rolled out "
            f"{len(SEEDS)} times: {', '.join(each.name for each in variants)}. It takes hours; the "
            "same command goes on where it was stopped."
        )
        return ablate(folder, plan, variants, trainer(setting), roll_out, setting.tell)


def trainer(setting: Setting) -> Train:
    """Trains as act-train does; goes on with what it finds."""

    def train(plan: Plan, run: Path) -> int:
        run.mkdir(exist_ok=True)
        if not standing(run / runs.LAST).is_dir():
            return learn(plan, run, setting)
        earlier = load(run / runs.LAST, to_go_on=True)
        if earlier.meta["step"] >= earlier.train.steps:
            return 0
        return learn(replace(plan, train=earlier.train, meta=earlier.meta), run, setting, earlier)

    return train


def ablate(
    folder: Path,
    plan: Plan,
    variants: Sequence[Variant],
    train: Train,
    roll_out: RollOut,
    tell: Callable[[str], None],
) -> int:
    """Do what is not done yet; returns an exit code: of a training or rollouts that were stopped.

    Args:
        folder: where the table goes, and a folder for each training; it is there.

    Raises:
        ConfigError: the folder holds an ablation of something else.
        EvaluationError: rollouts could not be made.
        ActError, OSError: as the callables.
    """
    record = _record(folder, plan)
    rows, trained = record["rows"], record["trained"]
    for number, variant in enumerate(variants, 1):
        if any(row["variant"] == variant.name for row in rows):
            continue
        which = f"Variant {number} of {len(variants)}, {variant.name}"
        training, run = variant.training, folder / variant.training.name
        if training.name not in trained:
            tell(f"{which}: training in {run}")
            if code := train(training.of(plan), run):
                return code
            trained.append(training.name)
            _keep(folder, record)
        tell(f"{which}: rollouts")
        out = folder / "rollouts" / variant.name.replace(",", "").replace(" ", "-")
        report = roll_out(run, variant.execution, out)
        if report.signal:
            return SIGNALLED + report.signal
        if report.left:
            raise EvaluationError(f"{report.trouble} To go on, give the same command again.")
        rows.append(_row(variant, plan, report))
        _keep(folder, record)
        tell(f"{which}: {report.successes} of {len(report.rollouts)}")
    draw(rows, folder / PICTURE)
    for line in table(rows).splitlines():
        tell(line)
    tell(f"Ablated: {folder / TABLE}, {folder / PICTURE}")
    return 0


def _row(variant: Variant, plan: Plan, report: EvaluationReport) -> Row:
    return {
        "variant": variant.name,
        "training": variant.training.name,
        "chunk": variant.training.of(plan).model.chunk,
        "execution": asdict(variant.execution),
        "rollouts": len(report.rollouts),
        "successes": report.successes,
        "interval": list(report.interval),
        "reached": report.reached,
    }


def table(rows: Sequence[Row]) -> str:
    """Markdown: per cent of the rollouts that came to each stage, and that succeeded."""
    stages = list(dict.fromkeys(name for row in rows for name in row["reached"]))
    head = ["variant", "chunk", *stages, "success", "95 % interval", "rollouts"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for row in rows:
        counts = [*(row["reached"].get(name, 0) for name in stages), row["successes"]]
        shares = [f"{100 * count / row['rollouts']:.0f}" for count in counts]
        interval = "{:.0f} to {:.0f}".format(*(100 * bound for bound in row["interval"]))
        lines.append([row["variant"], str(row["chunk"]), *shares, interval, str(row["rollouts"])])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the picture, whole or not at all: successes by variant, the baseline as a line."""
    figure = Figure(figsize=(8, 1.2 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    shares = np.array([100 * row["successes"] / row["rollouts"] for row in rows])
    whiskers = np.abs(100 * np.array([row["interval"] for row in rows]).T - shares)
    is_baseline = [row["variant"] == BASELINE for row in rows]
    colours = ["#1f4e79" if it else "#8fb4d9" for it in is_baseline]
    names = [row["variant"] for row in rows]
    axes.barh(names, shares, xerr=whiskers, color=colours, ecolor="#333333", capsize=3)
    for place, share in enumerate(shares):
        axes.text(102, place, f"{share:.0f} %", va="center")
    for share in shares[is_baseline]:
        axes.axvline(share, color="#1f4e79", linewidth=1, linestyle=":")
    axes.set(
        xlim=(0, 100), xlabel=f"successes of {rows[0]['rollouts']} rollouts, % (95 % interval)"
    )
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    building = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        figure.savefig(building, format="png", dpi=120)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def _record(folder: Path, plan: Plan) -> dict[str, Any]:
    """What is done already."""
    model, train = to_json(plan.model), to_json(plan.train)
    about = {"task": plan.task, "episodes": plan.meta["episodes"], "model": model, "train": train}
    new = {"about": json.loads(json.dumps(about)), "trained": [], "rows": []}
    try:
        record = dict(json.loads((folder / RECORD).read_text()))
        table(record["rows"])
    except FileNotFoundError:
        return new
    except OSError:
        raise
    except Exception as error:  # whatever a table cannot be made of
        raise ConfigError(f"{folder / RECORD} is broken: choose another --name.") from error
    if set(record) != set(new) or record["about"] != new["about"]:
        raise ConfigError(f"{folder} holds an ablation of something else: choose another --name.")
    return record


def _keep(folder: Path, record: Mapping[str, Any]) -> None:
    write_atomically(folder / RECORD, json.dumps(record, indent=1, allow_nan=False) + "\n")
    write_atomically(folder / TABLE, table(record["rows"]) + "\n")
