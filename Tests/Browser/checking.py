"""Runs checks. Prints a line for each: its outcome, and a sentence that says what must be true."""

import subprocess
import time
import traceback


#: The timeout in seconds for conditions whose timing is not tested. It is long, since the machine may be slow.
TIMEOUT = 60


class Skipped(Exception):
    """Raised by a check that cannot run on this machine. The message is the reason."""


class Report:
    def __init__(self, words=()):
        self.words = words
        self.passed = self.failed = self.skipped = 0

    def wants(self, sentence):
        """Returns whether the check with this sentence is selected by the words of the command line.

        A word selects the checks whose sentence contains it. Without any words, all checks are selected.
        """
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


def wait_until(condition, what, seconds=TIMEOUT):
    """Waits until `condition` returns a true value. Returns how many seconds that took, and this value.

    `what` describes the condition for the error after a timeout. It may be a function that returns the description.
    """
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return time.monotonic() - began, value
        if time.monotonic() - began > seconds:
            wanted = what() if callable(what) else what
            raise AssertionError(f"timed out after {seconds} s waiting for {wanted} (last value: {value!r})")
        time.sleep(0.02)


def wait_equal(actual, wanted, what):
    """Waits until `actual()` equals the wanted value."""
    last = []

    def is_equal():
        last[:] = [actual()]
        return last[0] == wanted

    wait_until(is_equal, lambda: f"{what}: {last[0]!r} instead of {wanted!r}")


def expect(actual, wanted, what):
    if actual != wanted:
        raise AssertionError(f"{what}: {actual!r} instead of {wanted!r}")


def own_address():
    """Returns this machine's address in the network.

    Unlike pages from localhost, pages from this address have no secure context.
    """
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    for address in found:
        if ":" not in address and not address.startswith("127."):
            return address
    raise Skipped("this machine has only loopback addresses")
