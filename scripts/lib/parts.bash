# shellcheck shell=bash
# Sourced by scripts/test. Runs the parts of a test run as jobs with dependencies.
#
# Each part belongs to a lane: `build`, `test` or `machine`. Only one part of each lane runs at a time, because parts in
# the lane `test` measure time and would disturb each other. The lane `build` runs at the lowest priority.

part_names=()
declare -A part_lane=() part_when=() part_needs=() part_command=() part_description=()

# part NAME LANE WHEN NEEDS COMMAND DESCRIPTION: declares a part.
#
# LANE is `build`, `test` or `machine`. WHEN is `always`, or `full` for a part that runs only with --full or if it is
# named. NEEDS are the parts that must pass first, separated by spaces, or `-` if there are none. If one of them fails,
# this part is skipped. If COMMAND exits with status 0, the part has passed. If it exits with status 77, the part counts
# as skipped, and the last line of its output is the reason. Any other status means that the part has failed.
part() {
    part_names+=("$1")
    part_lane[$1]=$2 part_when[$1]=$3 part_needs[$1]=${4#-} part_command[$1]=$5 part_description[$1]=$6
}

# Prints a line of help for each part.
describe_parts() {
    local name
    for name in "${part_names[@]}"; do
        printf '  %-14s %s%s\n' "$name" "${part_description[$name]}" \
            "$([[ ${part_when[$name]} == always ]] || echo ' (--full)')"
    done
}

# with_needs NAME…: prints the named parts and all their dependencies, in the order in which the parts were declared.
with_needs() {
    local name need is_complete=false
    local -A chosen=()
    for name in "$@"; do chosen[$name]=1; done
    until $is_complete; do
        is_complete=true
        for name in "${!chosen[@]}"; do
            for need in ${part_needs[$name]}; do
                [[ -n ${chosen[$need]-} ]] || { chosen[$need]=1 is_complete=false; }
            done
        done
    done
    for name in "${part_names[@]}"; do [[ -z ${chosen[$name]-} ]] || echo "$name"; done
}

# run_parts FOLDER NAME…: runs the named parts. The output of each part is written to FOLDER/NAME.log, and is shown when
# the part is done.
#
# Sets `passed`, `failed` and `skipped` to the numbers of parts with these results, and `failures` to the names of the
# failed parts. `skipped` also counts the tests that parts have skipped.
passed=0 failed=0 skipped=0 failures=()
run_parts() {
    logs=$1
    shift
    local name
    declare -gA state=() running=() began=()      # state: waiting, running, passed, failed or skipped
    mkdir -p "$logs"
    for name in "$@"; do state[$name]=waiting; done
    trap 'end_parts 130' INT
    trap 'end_parts 143' TERM
    trap 'end_parts 129' HUP
    while true; do
        for name in "$@"; do start_if_ready "$name"; done
        ((${#running[@]} > 0)) || break
        wait_for_a_part
    done
    trap - INT TERM HUP
}

# Starts a part if its dependencies have passed and its lane is free.
start_if_ready() {
    local name=$1 need other
    [[ ${state[$name]} == waiting ]] || return 0
    # All parts wait for the part `setup`. If it fails, they run anyway and report what is missing.
    [[ $name == setup || ${state[setup]-passed} != @(waiting|running) ]] || return 0
    for need in ${part_needs[$name]}; do
        case ${state[$need]} in
            failed | skipped)
                finish_part "$name" skipped "skipped, because it needs $need"
                return
                ;;
            passed) ;;
            *) return 0 ;;
        esac
    done
    for other in "${running[@]}"; do
        [[ ${part_lane[$other]} != "${part_lane[$name]}" ]] || return 0
    done
    state[$name]=running began[$name]=$EPOCHREALTIME
    say "== $name: started"
    set -m      # gives the job its own process group, so that it can be killed as a whole
    part_process "$name" >"$logs/$name.log" 2>&1 </dev/null &
    set +m
    running[$!]=$name
}

# Runs in the process of a part. Runs the part's command, and then writes the CPU time of the process and its children
# to a file.
part_process() {
    local status=0
    trap - INT TERM HUP
    # SCHED_IDLE is used instead of a niceness, because SwiftPM resets the niceness of the compilers if root builds.
    if [[ ${part_lane[$1]} == build ]]; then chrt --idle --pid 0 "$BASHPID" || true; fi
    set +e
    (set -e; eval "${part_command[$1]}")
    status=$?
    times >"$logs/$1.times"
    exit "$status"
}

# Waits until a part is done, and reports its result.
wait_for_a_part() {
    local process='' status=0 name line
    wait -n -p process "${!running[@]}" || status=$?
    [[ -n $process ]] || return 0
    name=${running[$process]}
    unset "running[$process]"
    cat "$logs/$name.log" >&2
    case $status in
        0) finish_part "$name" passed passed ;;
        77) finish_part "$name" skipped "skipped: $(tail -n 1 "$logs/$name.log")" ;;
        *) finish_part "$name" failed "FAILED, status $status" ;;
    esac
    # Report the tests that the part has skipped, with the reasons.
    while read -r line; do
        skipped=$((skipped + 1))
        say "   $line"
    done < <(grep -oE 'Test ".*" skipped: .*' "$logs/$name.log")
}

# failure_lines LOG: prints the lines of a part's log that say what failed, or the last lines if there are none.
failure_lines() {
    grep -E '(recorded an issue|^FAIL|^lint: |error: |^Failed|ERROR: |WARNING: |Fatal error|killed)' "$1" |
        cut -c 1-500 | tail -n 30 | grep . || tail -n 10 "$1"
}

# finish_part NAME STATE SENTENCE: counts a part and prints its result and time.
finish_part() {
    local seconds=0 computed=0
    state[$1]=$2
    [[ -z ${began[$1]-} ]] || seconds=$(((${EPOCHREALTIME/[.,]/} - ${began[$1]/[.,]/}) / 1000000))
    [[ -z ${began[$1]-} || ! -e $logs/$1.times ]] ||
        computed=$(awk -F '[ms ]+' 'NR == 2 { printf "%d", $1 * 60 + $2 + $3 * 60 + $4 }' "$logs/$1.times")
    case $2 in
        passed) passed=$((passed + 1)) ;;
        skipped) skipped=$((skipped + 1)) ;;
        failed) failed=$((failed + 1)) failures+=("$1") ;;
    esac
    say "== $1: $3 ($seconds s, $computed s of CPU)"
}

# end_parts STATUS: stops all running parts, and exits with STATUS.
end_parts() {
    local process attempt
    trap '' INT TERM HUP
    # SIGINT is necessary because swift build runs compilers in other process groups, and stops them only on SIGINT.
    for process in "${!running[@]}"; do
        say "== ${running[$process]}: stopped"
        kill -INT -- "-$process" 2>/dev/null || true
        kill -TERM "$process" 2>/dev/null || true
    done
    for ((attempt = 0; attempt < 200; attempt++)); do
        sleep 0.1
        kill -0 "${!running[@]}" 2>/dev/null || break
    done
    for process in "${!running[@]}"; do kill -KILL -- "-$process" 2>/dev/null || true; done
    exit "$1"
}
