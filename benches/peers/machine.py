"""What the figures depend on: the machine, its kernel, the disk."""

import os
import platform
from pathlib import Path


def describe(folder):
    """The machine that this runs on."""
    processor = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": processor[0].partition(":")[2].strip() if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": memory // 2**20,
        "kernel": f"{platform.system()} {platform.release()}",
        "filesystem": filesystem(folder),
        "python": platform.python_version(),
    }


def filesystem(folder):
    """Type of the file system that a folder is on."""
    folder, found = os.path.realpath(folder), ("", "unknown")
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, mounted, kind, *_ = line.split()
        inside = os.path.commonpath([folder, mounted]) == mounted
        if inside and len(mounted) >= len(found[0]):
            found = (mounted, kind)
    return found[1]
