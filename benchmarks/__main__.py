"""`make bench`: every measure, one table each. Ratios within one run; nothing here passes or fails."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def main() -> None:
    """Run every `bench_*` module of this folder, or those named on the command line (`documents forms`)."""
    wanted = sys.argv[1:]
    for module in sorted(info.name for info in pkgutil.iter_modules([str(Path(__file__).parent)])):
        name = module.removeprefix("bench_")
        if name != module and (not wanted or name in wanted):
            importlib.import_module(f"benchmarks.{module}").main()
            print(flush=True)


if __name__ == "__main__":
    main()
