"""Measures the descriptors, threads and memory of each process: before and after a run, and once a second during it."""

import math
import os
import statistics
import threading
import time

MEASURES = ("descriptors", "threads", "memory")

# The two-sided 95 % quantiles of Student's t-distribution by degrees of freedom. Above 30, slope() uses 1.96.
STUDENT = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228, 12: 2.179,
    14: 2.145, 16: 2.120, 18: 2.101, 20: 2.086, 25: 2.060, 30: 2.042}


KEPT = "/memfd:detection (deleted)"     # a stored result; detect-fcgi stores up to 16 MiB of them


def descriptors_of(pid):
    """Returns the number of descriptors of a process, not counting descriptors of stored results."""
    count = 0
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{number}") != KEPT
        except FileNotFoundError:       # closed meanwhile
            pass
    return count


def look(pid):
    """Returns the numbers of descriptors and threads, and the private memory in KiB; None if there is no such process.
    Shared memory is not counted, since it cannot grow beyond the sizes of the rings.
    """
    try:
        descriptors = descriptors_of(pid)
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        return descriptors, int(fields["Threads"]), int(fields["RssAnon"].split()[0])
    except (OSError, KeyError):
        return None


def census(system):
    """Returns for each part the number of its processes, and the maximum of each measure over these processes."""
    found = {}
    for part, pids in system.processes().items():
        seen = [values for values in map(look, pids) if values]
        if seen:
            found[part] = (len(seen), *[max(values) for values in zip(*seen)])
    return found


def means_of_blocks(points, blocks):
    """Splits points (seconds, value) into blocks. Returns the mean time (in hours) and the mean value of each block."""
    size = len(points) / max(1, blocks)
    means = []
    for block in range(blocks):
        part = points[int(block * size):int((block + 1) * size)]
        means.append((statistics.fmean(time for time, _ in part) / 3600, statistics.fmean(value for _, value in part)))
    return means


def slope(points, blocks=20):
    """Returns the slope of points (seconds, value) per hour, and half the width of its 95 % confidence interval.

    Returns None if there are too few points. Neighbouring samples are correlated, so a regression through all samples
    would result in an interval that is far too narrow. Therefore the regression uses the means of blocks of samples.
    Each block covers much more time than a viewer stays connected.
    """
    points = sorted(points)
    means = means_of_blocks(points, min(blocks, len(points) // 5))
    blocks = len(means)
    if blocks < 5:
        return None
    times, values = zip(*means)
    middle, level = statistics.fmean(times), statistics.fmean(values)
    spread = sum((time - middle) ** 2 for time in times)
    rise = sum((time - middle) * (value - level) for time, value in means) / spread
    rest = sum((value - level - rise * (time - middle)) ** 2 for time, value in means)
    freedom = blocks - 2
    student = STUDENT[max(key for key in STUDENT if key <= freedom)] if freedom <= 30 else 1.96
    return rise, student * math.sqrt(rest / freedom / spread)


class Sampler:
    """Measures all processes of the system once a second, in a separate thread."""

    def __init__(self, system):
        self.system = system
        self.samples = {}               # for each part and process, a list of (time, descriptors, threads, memory)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._is_over.wait(1):
            for part, pids in self.system.processes().items():
                for pid in pids:
                    values = look(pid)
                    if values:
                        self.samples.setdefault((part, pid), []).append((time.monotonic(), *values))

    def close(self):
        self._is_over.set()
        self._thread.join(10)

    def slopes(self, warm_up, least):
        """Returns the slopes of each process that ran for at least `least` seconds after its first `warm_up` seconds.

        Each entry is (part, pid, seconds, slope of each measure, mean memory in each of 25 blocks of time).
        """
        told = []
        for (part, pid), samples in sorted(self.samples.items()):
            kept = [sample for sample in samples if sample[0] >= samples[0][0] + warm_up]
            if not kept or kept[-1][0] - kept[0][0] < least:
                continue
            rises = {name: slope([(sample[0], sample[1 + index]) for sample in kept])
                     for index, name in enumerate(MEASURES)}
            if all(rises.values()):
                course = [round(value) for _, value in means_of_blocks([(one[0], one[3]) for one in samples], 25)]
                told.append((part, pid, kept[-1][0] - kept[0][0], rises, course))
        return told
