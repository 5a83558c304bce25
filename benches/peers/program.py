"""Programs that are run: each to its end, or not at all."""

import os
import signal
import subprocess

LONGEST_SECONDS = 1_800


def run(command, check=True, **how):
    """Runs a program and gives what it says. It is in a session of its own: whoever asks this
    one to end, it ends that one with all that it started."""
    command = [str(word) for word in command]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes, **how) as running:
        try:
            said, _ = running.communicate(timeout=LONGEST_SECONDS)
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)
            raise
    if check and running.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{said}")
    return said.strip()
