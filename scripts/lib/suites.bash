# shellcheck shell=bash
# Sourced by scripts/test. Runs the suites of a test program in several processes.

# The number of suites that run at the same time. This is more than the number of cores, because tests mostly wait.
suites_at_once=$((2 * $(nproc)))

# run_suites PROGRAM PATTERN [OPTION…]: runs each suite whose name matches PATTERN in its own process. If PATTERN begins
# with `!`, runs the suites that do not match the rest of it.
#
# PROGRAM is the test program that `swift build --build-tests` has built. Suites have names like `LinuxTests.FileTests`,
# or like `EndToEndTests.EndToEnd/Proxies` if they are inside another suite. A test outside a suite counts as a suite.
# The tests of a process run one at a time, because a waiting test blocks one of the few threads of the process. The
# OPTIONs, such as `--skip`, are passed to the test program. The output of a process is shown when the process exits.
# Returns 1 if a test has failed, a process was killed, or no suite matches.
run_suites() {
    local suites status=0 inverted=0
    [[ $2 != !* ]] || inverted=1
    suite_program=$1 suite_folder=$(mktemp -d)
    # shellcheck disable=SC2064     # expand now: the variable is local
    trap "rm -rf '$suite_folder'" EXIT
    suites=$("$1" --testing-library swift-testing --list-tests) || return
    # The suites with the most tests run first, so that no large suite runs alone at the end.
    suites=$(awk -v pattern="${2#!}" -v inverted="$inverted" -F '[/(]' '
        ($1 ~ pattern) != inverted {
            suite = $1
            if ($2 ~ /^[A-Z]/ && $3 ~ /^[a-z]/) suite = suite "/" $2
            count[suite]++
        }
        END { for (name in count) print count[name], name }' <<<"$suites" | sort -k1,1nr -k2 | cut -d ' ' -f 2)
    [[ -n $suites ]] || { echo "No suite matches '$2'."; return 1; }
    export suite_program suite_folder
    export -f run_suite
    # shellcheck disable=SC2016     # expanded by the inner shell
    xargs -r -d '\n' -n 1 -P "$suites_at_once" bash -c 'run_suite "$@"' run_suite "${@:3}" <<<"$suites" || status=1
    awk '/Test run with [0-9]+ tests? / { tests += $5; suites++ }
        /^-- / && !/ status 0, / { failed = failed " " $2 }
        END { printf "%d tests in %d processes\n", tests, suites; if (failed) print "Failed or killed:" failed }' \
        "$suite_folder"/*.shown
    return "$status"
}

# run_suite [OPTION…] SUITE: runs one suite. Called by run_suites.
run_suite() {
    local suite=${*: -1} status=0 began=$EPOCHREALTIME log
    log=$suite_folder/${suite//\//.}.log
    "$suite_program" --testing-library swift-testing --no-parallel --filter "^${suite/./\\.}[/(]" "${@:1:$#-1}" \
        >"$log" 2>&1 </dev/null || status=$?
    # The test program exits with 69 (EX_UNAVAILABLE) if the options skip all tests of the suite.
    if ((status == 69 && $# > 1)); then status=0; fi
    {
        cat "$log"
        echo "-- $suite status $status, $(((${EPOCHREALTIME/[.,]/} - ${began/[.,]/}) / 1000)) ms"
    } >"$log.shown"
    flock "$suite_folder" cat "$log.shown"
    ((status == 0))
}
