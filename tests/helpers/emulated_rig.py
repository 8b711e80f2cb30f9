"""The emulated rig as a process, as a person would start it, and its commands."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 10


class EmulatedRig:
    """Ports by bus name; use as a context manager. `options` are those of `sim.emulated_rig`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sim.emulated_rig", str(folder), *options],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.scheduling = self.process.stderr.readline()
        self.ports: dict[str, str] = self._answer()["ports"]

    def ask(self, do: str, bus: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Sends one command; its answer, `{"error": ...}` included."""
        command = {"do": do, **({} if bus is None else {"bus": bus}), **arguments}
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def register(self, bus: str, servo: int, register: str) -> int:
        """What the servo really holds."""
        return int(self.ask("get", bus, servo=servo, register=register)["value"])

    def stop(self) -> str:
        """Ends it; what else it has said on standard error. Harmless when repeated."""
        process = self.process
        if process.stdin.closed:
            return ""
        process.terminate()
        said = process.stderr.read()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        process.wait(ENDS_WITHIN_S)
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answer(self) -> Any:
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)
