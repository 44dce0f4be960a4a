"""Named steps between which nothing may be lost or sent twice: there the crash tests kill a process, or stop it.

Nothing happens unless the environment names a step, which no installation may do (lace.settings refuses it) and only tests/crash does.
"""

from __future__ import annotations

import os
import signal

ARMED = "LACE_FAILPOINT"  # "step:action" or "step:action:which", as in "send.answered:stop:3": the third time that this process passes
ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def failpoint(step: str) -> None:
    """Here a test may kill this process, or stop it until it is told to go on. Raises ValueError where the environment is not understood."""
    armed = os.environ.get(ARMED)
    if armed is not None and armed.startswith(f"{step}:"):
        _strike(*armed.split(":"))


def _strike(step: str, action: str, which: str = "1") -> None:
    if action not in ACTIONS:
        raise ValueError(f"{ARMED} knows {', '.join(ACTIONS)}, not {action!r}.")
    left = int(which) - 1
    if left:
        os.environ[ARMED] = f"{step}:{action}:{left}"
    else:
        del os.environ[ARMED]
        os.kill(os.getpid(), ACTIONS[action])
