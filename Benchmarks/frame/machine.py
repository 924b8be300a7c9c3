"""Describes the machine and the programs."""
import hashlib
import os
import platform
import re
import shutil
import subprocess


def line(*command):
    """Returns the first line of a command's output, or "" if it cannot be run."""
    try:
        done = subprocess.run(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""


def built_elsewhere(folder):
    """Returns the version of programs built elsewhere, and a hash that identifies them."""
    version = line(folder / "mjpeg-fcgi", "--version") or "unknown"
    try:
        digest = hashlib.sha256((folder / "mjpeg-fcgi").read_bytes()).hexdigest()[:12]
    except OSError:
        digest = "missing"
    return f"{version}, built elsewhere (mjpeg-fcgi has SHA-256 {digest}…)"


def programs(root, folder):
    """Returns Oriel's version, and the commit that it was built from if known."""
    if "ORIEL_BIN_DIR" in os.environ:
        return built_elsewhere(folder)
    version = line(folder / "mjpeg-fcgi", "--version") or "unknown"
    commit = line("git", "-C", str(root), "rev-parse", "--short", "HEAD")
    changed = line("git", "-C", str(root), "status", "--porcelain", "--", "Sources", "deploy", "Package.swift")
    return f"{version}, commit {commit or 'unknown'}" + (" with changes" if changed else "")


def describe(python=None):
    """Describes the machine and its software: returns name → text, in the order in which the document shows them."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(re.search(r"MemTotal: *(\d+)", file.read()).group(1))
    system = ""
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release", encoding="utf-8") as file:
            system = re.search(r'PRETTY_NAME="?([^"\n]*)', file.read()).group(1)
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        cgroup = file.read()
    virtual = line("systemd-detect-virt") if shutil.which("systemd-detect-virt") else ""
    if not virtual and "hypervisor" in open("/proc/cpuinfo", encoding="utf-8").read():
        virtual = "a virtual machine"
    packages = line(python, "-c", (
        "import cv2, fastapi, uvicorn, requests, platform; print('Python', platform.python_version() + ', OpenCV', "
        "cv2.__version__ + ', FastAPI', fastapi.__version__ + ', uvicorn', uvicorn.__version__ + ', requests', "
        "requests.__version__)")) if python else ""
    return {
        "machine": f"{os.cpu_count()} cores, {found.group(1) if found else platform.machine()}, "
                   f"{memory / 1048576:.0f} GiB" + (f", {virtual}" if virtual else ""),
        "system": f"{system}, Linux {platform.release()}" + (", in a container" if "docker" in cgroup else ""),
        "Swift": line("swift", "--version"),
        "nginx": line("nginx", "-v").removeprefix("nginx version: "),
        "µStreamer": line("ustreamer", "--version") or "not installed",
        "Python pair": packages or "not installed",
    }
