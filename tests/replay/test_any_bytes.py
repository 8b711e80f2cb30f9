"""Whatever bytes a file has: an error that names it and its fault, in bounded memory and time."""

import json
import random
import resource
import subprocess
import sys
from pathlib import Path

from tests.recorder.fake_rig import make_episode

REPOSITORY = Path(__file__).parents[2]
FILES = 150
MEMORY_BYTES = 3 << 30
"""Of address space; what is loaded takes a good part of it."""
PATIENCE_S = 300.0


def spoilt(content: bytes, seed: int) -> bytes:
    """Cut, flipped, zeroed, doubled or replaced by noise somewhere, by a seed."""
    chance = random.Random(seed)
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at = chance.randrange(len(data)) if chance.random() < 0.5 else chance.randrange(8192)
        size = chance.choice((1, 8, 512, 4096))
        match chance.randrange(5):
            case 0:
                del data[max(at, 1) :]
            case 1:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 2:
                data[at : at + size] = bytes(len(data[at : at + size]))
            case 3:
                data[at : at + size] = chance.randbytes(len(data[at : at + size]))
            case 4:
                data[at : at + size] = data[: len(data[at : at + size])]
    return bytes(data)


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def test_any_bytes_are_a_result_within_memory_and_time(tmp_path: Path) -> None:
    small = make_episode(tmp_path, 6, cameras=1).read_bytes()
    folder = tmp_path / "spoilt"
    folder.mkdir()
    expected = [f"episode_{seed}.hdf5" for seed in range(FILES)]
    for seed, name in enumerate(expected):
        (folder / name).write_bytes(spoilt(small, seed))
    for verb in ("check", "list"):
        done = subprocess.run(
            [sys.executable, "-m", "replay.episodes_cli", verb, "--json", str(folder)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            preexec_fn=limited,
            check=False,
        )
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        results = [json.loads(line) for line in done.stdout.splitlines()]
        assert [Path(each["path"]).name for each in results] == expected
        for each in results:
            assert not each.get("error") or each["path"] in each["error"]
