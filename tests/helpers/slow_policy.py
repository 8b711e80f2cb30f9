"""`act.rollout.process` on a device that is too slow: run as ``python -m slow_policy``."""

import sys
import time
from typing import Any

from act.rollout import process
from act.rollout.policy import Policy

TAKES_S = 0.6
predict = Policy.predict


def slowly(policy: Policy, *seen: Any) -> Any:
    time.sleep(TAKES_S)
    return predict(policy, *seen)


if __name__ == "__main__":
    Policy.predict = slowly  # type: ignore[method-assign]
    sys.exit(process.main())
