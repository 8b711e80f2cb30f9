"""Entry of the session process.

    python -m session.main CONFIG.json --parent PID

It runs in its own kernel session and survives the terminal that started it: that is the point.
`--parent` is only there to be like the other processes.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from recorder.config import RecorderConfig
from recorder.errors import RecorderError
from recorder.folder.disk import LONGEST_S, expected_rate
from recorder.folder.guards import check_folder, check_room
from recorder.folder.identity import FolderIdentity
from session import runtime_dir
from session.config import SessionConfig
from session.crew import recorder_config
from session.kind import kind_of
from session.supervisor import Supervisor
from teleop.config import ConfigError, build, read_json


def main(arguments: list[str] | None = None) -> int:
    """Run one session; errors before it starts go to stderr in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m session.main")
    parser.add_argument("config", type=Path)
    parser.add_argument("--parent", type=int)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        config = build(SessionConfig, read_json(options.config), str(options.config))
        if config.purpose == "record":
            _check_folder(recorder_config(config, kind_of(config.rig_file)))
        supervisor = Supervisor(config)
        (Path(config.runtime_dir) / "session.pid").write_text(f"{os.getpid()}\n")
    except (ConfigError, RecorderError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: supervisor.leave())
    status = supervisor.run()
    runtime_dir.remove(Path(config.runtime_dir))
    return status


def _check_folder(config: RecorderConfig) -> None:
    """See that this may be recorded, before anything is started."""
    check_folder(
        config.dataset_dir,
        identity=FolderIdentity.of_config(config),
        min_free_bytes=config.min_free_bytes,
    )
    check_room(
        config.dataset_dir,
        rate=expected_rate(config.cameras, config.recording, config.rate_hz),
        episode_s=min(config.max_steps / config.rate_hz, LONGEST_S),
        reserve_bytes=config.min_free_bytes,
    )


if __name__ == "__main__":
    sys.exit(main())
