"""Checks, one line each: a sentence that holds or does not."""

import subprocess
import time
import traceback


#: Seconds that a condition may take where time is not what is checked: a machine may be slow.
PATIENCE = 60


class Skipped(Exception):
    """A check that cannot run here; its text is the reason."""


class Report:
    def __init__(self, words=()):
        self.words = words
        self.passed = self.failed = self.skipped = 0

    def wants(self, sentence):
        """Whether the words that were given choose this check."""
        return not self.words or any(word in sentence for word in self.words)

    def run(self, sentence, check, *arguments):
        if not self.wants(sentence):
            return
        began = time.monotonic()
        try:
            note = check(*arguments)
        except Skipped as reason:
            self.skipped += 1
            print(f"skip  {sentence}: {reason}", flush=True)
        except Exception as error:
            self.failed += 1
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.name == check.__name__]
            print(f"FAIL  {sentence}: {type(error).__name__}: {error} ({check.__name__}, line {lines[-1] if lines else '?'})", flush=True)
        else:
            self.passed += 1
            print(f"ok    {sentence}{f': {note}' if note else ''} ({time.monotonic() - began:.1f} s)", flush=True)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else ""), flush=True)
        return 0 if self.failed == 0 else 1


def wait_until(condition, what, seconds=PATIENCE):
    """Waits for something true and returns how long that took, in seconds, and the value. `what` may be a function that tells it."""
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return time.monotonic() - began, value
        if time.monotonic() - began > seconds:
            wanted = what() if callable(what) else what
            raise AssertionError(f"after {seconds} s still not: {wanted} (last seen: {value!r})")
        time.sleep(0.02)


def wait_equal(actual, wanted, what):
    """Waits until a function gives what is wanted."""
    last = []

    def is_equal():
        last[:] = [actual()]
        return last[0] == wanted

    wait_until(is_equal, lambda: f"{what}: {last[0]!r} instead of {wanted!r}")


def expect(actual, wanted, what):
    if actual != wanted:
        raise AssertionError(f"{what}: {actual!r} instead of {wanted!r}")


def own_address():
    """This machine's address in its network; a page on it is no secure context, unlike one on localhost."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    for address in found:
        if ":" not in address and not address.startswith("127."):
            return address
    raise Skipped("this machine has no address besides the loopback")
