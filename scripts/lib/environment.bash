# shellcheck shell=bash
# Sourced by all scripts: paths and messages.
set -euo pipefail

oriel=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export oriel

# nginx is in /usr/sbin, and Swift often outside PATH.
PATH=$PATH:/usr/sbin:/sbin
if ! command -v swift >/dev/null; then
    for folder in /opt/swift/usr/bin ~/.local/share/swiftly/bin; do
        if [[ -x $folder/swift ]]; then
            PATH=$folder:$PATH
            break
        fi
    done
fi

say() { printf '%s\n' "$*" >&2; }

# fail STATUS SENTENCE: STATUS is one of sysexits.h.
fail() {
    say "error: $2"
    exit "$1"
}
