"""Runs the browser checks; see Tests/Browser/run."""

import argparse
import shutil
import signal
import sys

import box_checks
import control_checks
import detect_checks
import embedding_checks
import event_checks
import interaction_checks
import long_checks
import machine_checks
import page_checks
import result_checks
import system_checks
import visitor_checks
import zone_checks
from checking import Report, Skipped
from chromium import Chromium
from firefox import Firefox

#: The checks against the scripted server.
MODULES = (page_checks, control_checks, box_checks, result_checks, zone_checks, event_checks, visitor_checks, interaction_checks)


def look(report, browser, checks):
    print(f"{browser.name} {browser.version}", flush=True)
    for sentence, check, *arguments in checks:
        report.run(f"{browser.name}: {sentence}", check, *arguments)


def no_firefox():
    raise Skipped("firefox-esr is not installed")


def main():
    parser = argparse.ArgumentParser(prog="Tests/Browser/run")
    parser.add_argument("--full", action="store_true", help="also check with Firefox, and run the long checks")
    parser.add_argument("--scripted", action="store_true", help="run only the checks against the scripted server")
    parser.add_argument("--system", action="store_true", help="run only the checks against the real system")
    parser.add_argument("--machine", action="store_true", help="run only the checks against a camera's driver in a virtual machine")
    parser.add_argument("words", nargs="*", help="run only the checks whose sentence contains one of the words")
    given = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # runs the cleanup code, which stops browsers and systems
    report = Report(given.words)
    has_firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if not (given.system or given.machine):
        with Chromium() as browser:
            look(report, browser, [check for module in MODULES for check in module.checks(browser)] +
                 [check for module in MODULES for check in module.chromium_checks(browser)])
        if given.full and has_firefox:
            with Firefox() as browser:
                look(report, browser, [check for module in MODULES for check in module.checks(browser)])
        elif given.full:
            report.run("firefox", no_firefox)
        for make_browser, most in ([(Chromium, 0.6)] + ([(Firefox, 1.0)] if has_firefox else []) if given.full else []):
            for sentence, check, *arguments in long_checks.checks(make_browser, most):
                report.run(f"{make_browser.name}: {sentence}", check, *arguments)
    if not (given.scripted or given.machine):
        with Chromium() as browser:
            system_checks.run(report, browser)
        with Chromium() as browser:
            detect_checks.run(report, browser)
        if given.full and has_firefox:
            with Firefox() as browser:
                system_checks.losses(report, browser)
        embedding_checks.run(report)
    if not (given.scripted or given.system):
        with Chromium() as browser:
            machine_checks.run(report, browser)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
