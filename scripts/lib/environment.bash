# shellcheck shell=bash
# Sourced by all scripts. Sets paths and defines functions for messages.
set -euo pipefail

oriel=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export oriel

# nginx is in /usr/sbin, and Swift is often in a folder that is not in PATH.
PATH=$PATH:/usr/sbin:/sbin
if ! command -v swift >/dev/null; then
    for folder in /opt/swift/usr/bin ~/.local/share/swiftly/bin; do
        if [[ -x $folder/swift ]]; then
            PATH=$folder:$PATH
            break
        fi
    done
fi

# Prints a message to standard error.
say() { printf '%s\n' "$*" >&2; }

# fail STATUS SENTENCE: prints an error and exits with STATUS, which is a status of sysexits.h.
fail() {
    say "error: $2"
    exit "$1"
}
