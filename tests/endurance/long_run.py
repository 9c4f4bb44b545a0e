"""A long run of a tiny recipe: whether memory, open files and the time of a step stay the same.

::

    python tests/endurance/long_run.py --steps 100000

trains in a process of its own, with a checkpoint every 100 steps, and prints a line every tenth of
the run: the seconds a step took since the last one, the memory and the open files of the process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPE = """\
name: long
data: {{source: mnist, size: [28, 28], channels: 1}}
latent: {{size: 4}}
generator:
  layers:
    - Dense: {{units: 784, activation: tanh}}
    - Reshape: {{target_shape: [28, 28, 1]}}
discriminator: {{layers: [Flatten, Dense: {{units: 4}}, LeakyReLU, Dense: {{units: 1}}]}}
loss: non-saturating
optimizers:
  generator: {{Adam: {{learning_rate: 1e-4}}}}
  discriminator: {{Adam: {{learning_rate: 1e-4}}}}
train: {{steps: {steps}, batch_size: 4, precision: float32, average: 0.99}}
output:
  log_every: 100
  grid: {{every: 1000, rows: 2, columns: 2}}
  checkpoint: {{every: 100, keep: 3}}
"""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100_000)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as folder:
        recipe, run = Path(folder, "long.yaml"), Path(folder, "run")
        recipe.write_text(RECIPE.format(steps=steps))
        process = subprocess.Popen(
            [sys.executable, "-m", "gantool", "train", recipe, "--out", run],
            stdout=subprocess.PIPE,
            text=True,
        )
        watch(process, steps)
        print(f"{sum(path.stat().st_size for path in run.rglob('*') if path.is_file()):,} bytes")


def watch(process: subprocess.Popen[str], steps: int) -> None:
    """Print a line every tenth of the steps."""
    assert process.stdout is not None
    before, since = 0, time.monotonic()
    processor = 0.0
    for line in process.stdout:
        words = line.split()
        if not words or words[0] != "step":
            continue
        step = int(words[1].split("/")[0])
        if step % (steps // 10) == 0:
            now, used = time.monotonic(), processor_seconds(process.pid)
            print(
                f"step {step:>7,}  {1e3 * (now - since) / (step - before):6.3f} ms a step"
                f" ({1e3 * (used - processor) / (step - before):6.3f} ms of processors)"
                f"  {memory(process.pid) / 1e6:7.1f} MB"
                f"  {len(os.listdir(f'/proc/{process.pid}/fd'))} open files",  # noqa: PTH208
                flush=True,
            )
            before, since, processor = step, now, used
    assert process.wait() == 0


def memory(pid: int) -> int:
    """Bytes of a process that are in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def processor_seconds(pid: int) -> float:
    """Of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
