"""ACT, ours beside a plain one that computes as tonyzhaozh/act does, with the same weights.

    .venv/bin/python benchmarks/act_model.py [--device cuda] [--batch 2] [--cameras 1]
        [--repeats 5] [--threads N] [--peak TFLOPS] [--rows training prediction]

Prints a training step (loss, gradients, AdamW) and a prediction (of one sample with four cameras,
from uint8 pictures to actions in rad) of the reference's network at 480x640, as `act-train` and
`act-run` compute them, in float32 and in what they choose by themselves, and a step of the `fast`
preset. The ways take turns; medians and, in brackets, the fastest. On a machine that others use
too, CPU time with `--threads 1` tells more than the clock: a thread that waits for one that was
suspended is busy. On a GPU, with the share of `--peak` that was used.

The plain one is `benchmarks/act_plain.py`. It is given its pictures as float32 for training, as its
loader would have them ready; for a prediction it makes them so.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from act.checkpoints.checkpoint import Checkpoint
from act.checkpoints.reference import ALOHA_CAMERAS, to_reference
from act.config import PRESETS, ModelConfig, TrainConfig, model_config
from act.data.dataset import Batch
from act.data.stats import Stats
from act.model import ACT, loss
from act.rollout.policy import Policy
from act.training.learner import Learner, computes_in_bfloat16
from act.training.ranks import Ranks
from benchmarks.act_plain import PlainACT

SIZE: Final = (480, 640)
Call = Callable[[], Any]


class Way(NamedTuple):
    """`call` does the work of `samples`, with `flops` where they were counted."""

    name: str
    call: Call
    samples: int = 1
    flops: float = 0.0


def main() -> None:
    """Measure, and print."""
    options = _options()
    device = torch.device(options.device)
    if options.threads:
        torch.set_num_threads(options.threads)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    chosen = "bfloat16" if computes_in_bfloat16(TrainConfig(), device) else "float32"
    print(f"PyTorch {torch.__version__}, {name}, {torch.get_num_threads()} threads.")
    print(f"auto is {chosen} here.\n")
    if "training" in options.rows:
        batch = options.batch or (8 if device.type == "cuda" else 2)
        print(f"Training: {batch} samples a step, {options.cameras} camera(s) of 480x640\n")
        table(training(device, batch, options.cameras), device, options)
    if "prediction" in options.rows:
        print("Prediction: one sample, four cameras of 480x640\n")
        table(prediction(device), device, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--batch", type=int, help="default: 2, on a GPU 8")
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--peak", type=float, default=790.0, help="TFLOP/s of the device")
    parser.add_argument("--rows", nargs="+", default=["training", "prediction"])
    return parser.parse_args()


def training(device: torch.device, count: int, cameras: int) -> list[Way]:
    """The plain step, ours in both precisions, and that of the `fast` preset."""
    model = model_config(PRESETS["reference"], ALOHA_CAMERAS[:cameras], SIZE)
    train = PRESETS["reference"].train
    batch = batch_of(model, count, device)
    ours = {
        precision: Learner(model, replace(train, precision=precision), device, Ranks())
        for precision in ("float32", "auto")
    }
    plain = plain_like(ours["float32"].model, model, device)
    ways = [Way("plain", plain_step(plain, train, batch), count)]
    for precision, learner in ours.items():
        step = in_precision(learner._bfloat16, learner, batch)
        ways.append(Way(f"ours, {precision}", step, count, count * flops_of(model, device)))
    fast = PRESETS["fast"]
    small = model_config(fast, ALOHA_CAMERAS[:cameras], SIZE)
    size = fast.train.batch if device.type == "cuda" else count
    learner = Learner(small, fast.train, device, Ranks())
    step = in_precision(learner._bfloat16, learner, batch_of(small, size, device))
    return [*ways, Way(f"fast, {size} samples", step, size, size * flops_of(small, device))]


def prediction(device: torch.device) -> list[Way]:
    """The plain one, and ours in both precisions; they must agree."""
    model = model_config(PRESETS["reference"], ALOHA_CAMERAS, SIZE)
    torch.manual_seed(0)
    network = ACT(model)
    policies = {
        precision: Policy(_checkpoint(network, precision), device)
        for precision in ("float32", "auto")
    }
    plain = plain_like(network, model, device).eval()
    random = np.random.default_rng(0)
    qpos = random.standard_normal(14).astype(np.float32)
    pictures = random.integers(0, 256, (4, *SIZE, 3), np.uint8)
    named = dict(zip(ALOHA_CAMERAS, pictures, strict=True))

    @torch.no_grad()
    def plainly() -> Any:
        torch.set_float32_matmul_precision("highest")
        images = torch.from_numpy(pictures.transpose(0, 3, 1, 2) / np.float32(255))
        joints = torch.from_numpy(qpos)[None].to(device)
        return plain(joints, images[None].to(device), None, None)[0][0].cpu().numpy()

    for precision, policy in policies.items():
        difference = np.abs(policy.predict(qpos, named) - plainly()).max()
        print(f"Largest difference to the plain one in {precision}: {difference:.1e}")
    print()
    return [Way("plain", plainly)] + [
        Way(f"ours, {precision}", lambda policy=policy: policy.predict(qpos, named))  # type: ignore[misc]
        for precision, policy in policies.items()
    ]


def _checkpoint(network: ACT, precision: Any) -> Checkpoint:
    stats = Stats(*(np.full(14, each, np.float32) for each in (0, 1, 0, 1)))
    train = replace(PRESETS["reference"].train, precision=precision)
    return Checkpoint(network.config, train, stats, network.state_dict(), {})


def plain_like(network: ACT, model: ModelConfig, device: torch.device) -> PlainACT:
    """With the weights of ours."""
    plain = PlainACT(model).to(device)
    theirs = to_reference(network.state_dict())
    plain.load_state_dict({name.removeprefix("model."): each for name, each in theirs.items()})
    return plain


def batch_of(model: ModelConfig, count: int, device: torch.device) -> Batch:
    """Of noise."""
    size = (count, len(model.cameras), model.image_height, model.image_width, 3)
    batch = Batch(
        qpos=torch.randn(count, model.state_dim),
        images=torch.randint(0, 256, size, dtype=torch.uint8),
        camera_mask=torch.ones(count, len(model.cameras), dtype=torch.bool),
        actions=torch.randn(count, model.chunk, model.action_dim),
        is_pad=torch.zeros(count, model.chunk, dtype=torch.bool),
        episode=torch.zeros(count, dtype=torch.int64),
    )
    return Batch(*(getattr(batch, name).to(device) for name in Batch.__slots__))


def plain_step(plain: PlainACT, train: TrainConfig, batch: Batch) -> Call:
    """A step as it is written there."""
    body = [each for name, each in plain.named_parameters() if name.startswith("backbones")]
    rest = [each for name, each in plain.named_parameters() if not name.startswith("backbones")]
    groups = [{"params": rest}, {"params": body, "lr": train.lr_backbone}]
    optimiser = torch.optim.AdamW(groups, lr=train.lr, weight_decay=train.weight_decay)
    images = (batch.images.float() / 255).permute(0, 1, 4, 2, 3).contiguous()

    def step() -> None:
        torch.set_float32_matmul_precision("highest")
        actions, mu, logvar = plain(batch.qpos, images, batch.actions, batch.is_pad)
        error = ((actions - batch.actions).abs() * ~batch.is_pad[..., None]).mean()
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
        optimiser.zero_grad()
        (error + train.kl_weight * kl).backward()
        optimiser.step()

    return step


def in_precision(bfloat16: bool, learner: Learner, batch: Batch) -> Call:
    """Its step, with the setting for all of PyTorch that it made when it began."""

    def step() -> None:
        torch.set_float32_matmul_precision("high" if bfloat16 else "highest")
        learner(batch)

    return step


def flops_of(model: ModelConfig, device: torch.device) -> float:
    """Of a step with one sample; 0 on a CPU, whose peak nobody knows."""
    if device.type == "cpu":
        return 0.0
    network, batch = ACT(model).to(device), batch_of(model, 2, device)
    with FlopCounterMode(display=False) as counter:
        predicted = network(batch.qpos, batch.images, batch.actions, batch.is_pad)
        losses = loss(predicted, batch.actions, batch.is_pad, kind="l1", mean="all", kl_weight=10)
        losses.total.backward()
    return counter.get_total_flops() / 2


def table(ways: list[Way], device: torch.device, options: argparse.Namespace) -> None:
    """Take turns, and print."""
    took: dict[str, list[tuple[float, float]]] = {way.name: [] for way in ways}
    for turn in range(options.repeats + 1):
        for way in ways:
            times = [_timed(way.call, device) for _ in range(20 if device.type == "cuda" else 1)]
            if turn:  # the first one warms up
                took[way.name] += times
    plain = [statistics.median(each) for each in zip(*took[ways[0].name], strict=True)]
    print("| | ms | CPU ms | samples/s | faster than plain | by CPU time | of the peak |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for way in ways:
        clock, cpu = (sorted(each) for each in zip(*took[way.name], strict=True))
        wall, busy = statistics.median(clock), statistics.median(cpu)
        each = wall / way.samples
        peak = f"{way.flops / wall / options.peak / 1e10:.1f} %" if way.flops else ""
        print(
            f"| {way.name} | {wall * 1e3:.1f} [{clock[0] * 1e3:.1f}] | {busy * 1e3:.0f} "
            f"[{cpu[0] * 1e3:.0f}] | {1 / each:.1f} | {plain[0] / ways[0].samples / each:.2f} | "
            f"{plain[1] / ways[0].samples / (busy / way.samples):.2f} | {peak} |"
        )
    print(flush=True)


def _timed(call: Call, device: torch.device) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    began, busy = time.perf_counter(), time.process_time()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began, time.process_time() - busy


if __name__ == "__main__":
    main()
