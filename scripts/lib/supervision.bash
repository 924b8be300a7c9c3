# shellcheck shell=bash
# Sourced by scripts/run: starts parts as process groups of their own, starts them again when they die, and leaves
# none of them behind, even if this shell is killed. Needs bash 5.1.

declare -A part_of=() deaths_of=()

# watch_over FOLDER: from now on, when this shell ends in any way, all its groups end and FOLDER is removed.
watch_over() {
    set -m      # a process group of its own: what kills this shell's group must not kill the last one to tidy up
    coproc keeper { keep_tidy "$1"; }
    set +m
    # shellcheck disable=SC2154     # coproc sets it
    keeper_pid=$keeper_PID
    trap 'trap "" HUP INT TERM; exit 129' HUP
    trap 'trap "" HUP INT TERM; exit 130' INT
    trap 'trap "" HUP INT TERM; exit 143' TERM
    trap stop EXIT
}

# Reads "+ GROUP" and "- GROUP" until the shell that writes them is gone.
keep_tidy() {
    trap '' HUP INT TERM
    trap - EXIT
    local -A groups=()
    local sign group i
    while read -r sign group; do
        if [[ $sign == + ]]; then groups[$group]=; else unset "groups[$group]"; fi
    done
    # Leaders only: they end their groups. A worker that ended before multiwatch knows would be started again.
    for group in "${!groups[@]}"; do kill -TERM "$group" 2>/dev/null || true; done
    for ((i = 0; i < 60 && ${#groups[@]} > 0; i++)); do
        sleep 0.05
        for group in "${!groups[@]}"; do kill -0 -- "-$group" 2>/dev/null || unset "groups[$group]"; done
    done
    for group in "${!groups[@]}"; do kill -KILL -- "-$group" 2>/dev/null || true; done
    remove_rings
    rm -rf "$1"
}

# The rings of our cameras that a killed writer left, if nobody has them mapped.
remove_rings() {
    local camera ring
    for camera in "${cameras[@]}"; do
        for ring in "/dev/shm/$ORIEL_PREFIX.$camera" "/dev/shm/$ORIEL_PREFIX.relay.$camera"; do
            if [[ -e $ring ]] && ! grep -qsF "$ring" /proc/[0-9]*/maps; then rm -f "$ring"; fi
        done
    done
}

stop() {
    local status=$? input=${keeper[1]}
    trap '' HUP INT TERM
    ((status < 128)) || say "Stopping."
    exec {input}>&-
    wait "$keeper_pid" 2>/dev/null || true
    exit "$status"
}

# Starts COMMAND… as a group of its own; `started` is its process. When this shell dies it gets SIGTERM at once.
start_group() {
    setsid setpriv --pdeathsig TERM -- "$@" </dev/null &
    started=$!
    echo "+ $started" >&"${keeper[1]}"
}

forget_group() {
    kill -KILL -- "-$1" 2>/dev/null || true     # what a dead leader left: nginx's workers hold the port
    echo "- $1" >&"${keeper[1]}"
}

# Runs COMMAND… to its end, stopped like everything else if this shell ends first.
run_and_wait() {
    local status=0
    start_group "$@"
    wait "$started" || status=$?
    forget_group "$started"
    return "$status"
}

start() {
    local command=()
    command_of "$1"
    start_group "${command[@]}" >>"$logs/$1.log" 2>&1
    part_of[$started]=$1
}

# Repairs what dies, for ever.
#
# A shell that starts a process may forget another one that has just ended: `wait -n` then tells nobody of it. So it is
# called only after a look that found nothing to repair, and every five seconds there is a look in any case.
supervise() {
    local process status pulse='' has_repaired
    while true; do
        if [[ -z $pulse ]] || ! kill -0 "$pulse" 2>/dev/null; then
            setpriv --pdeathsig KILL -- sleep 5 </dev/null &
            pulse=$!
        fi
        has_repaired=1
        while ((has_repaired)); do
            has_repaired=0
            for process in "${!part_of[@]}"; do
                kill -0 "$process" 2>/dev/null && continue
                status=0
                wait "$process" 2>/dev/null || status=$?
                repair "$process" "$status"
                has_repaired=1
            done
        done
        kill -0 "$keeper_pid" 2>/dev/null || fail 70 "the process that tidies up was killed."
        { wait -n || true; } 2>/dev/null        # several may have died, of which bash tells one, in its own words
    done
}

# A part has died: start it again, unless it said itself that this is of no use, or it dies again and again.
repair() {
    local part=${part_of[$1]} status=$2 now=$EPOCHSECONDS death recent=()
    unset "part_of[$1]"
    forget_group "$1"
    for death in ${deaths_of[$part]-}; do ((now - death >= 10)) || recent+=("$death"); done
    deaths_of[$part]="${recent[*]} $now"
    case $status in
        64 | 66 | 69 | 73 | 77 | 78) give_up "$part" "$status" ;;
    esac
    ((${#recent[@]} < 10)) || give_up "$part" 70
    say "$part ended ($(reason "$status")); it is started again."
    start "$part"
}

reason() { if (($1 > 128)); then kill -l "$1"; else echo "status $1"; fi; }

give_up() {
    local port log=$logs/$1.log
    port=$(sed -n 's/.*bind() to \(.*\) failed.*in use.*/\1/p' "$log" | tail -n 1)
    [[ -z $port ]] || fail 69 "$port is in use: end what listens there, or give another port (ORIEL_WEB_PORT, ORIEL_INGEST_PORT)."
    tail -n 5 "$log" >&2
    fail "$2" "$1 cannot run; the last lines of its log are above."
}
