"""Emulated cameras as a process, as a person would start it, and their commands."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 10


class CameraServer:
    """URLs by camera; use as a context manager. `arguments` are those of `sim.emulated_cameras`."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sim.emulated_cameras", *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.urls: dict[str, str] = self._answer()["cameras"]

    def ask(self, do: str, camera: str = "top", **arguments: Any) -> dict[str, Any]:
        """Sends one command; its answer, `{"error": ...}` included."""
        return self.say(json.dumps({"do": do, "camera": camera, **arguments}))

    def say(self, line: str) -> dict[str, Any]:
        """Sends one line; its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = self._answer()
        return answer

    def stop(self) -> str:
        """Ends it; what it has said on standard error."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=ENDS_WITHIN_S)
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)
