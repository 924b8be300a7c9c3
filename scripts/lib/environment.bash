# shellcheck shell=bash
# Sourced by all scripts: where things are, and how to speak.
set -euo pipefail

oriel=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export oriel

# nginx lies in /usr/sbin; Swift often where no shell looks.
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

# fail STATUS SENTENCE: the statuses are those of sysexits.h.
fail() {
    say "error: $2"
    exit "$1"
}
