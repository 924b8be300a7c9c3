# shellcheck shell=bash
# Sourced by scripts/test: runs the suites of a test program in several processes.

# Tests wait most of the time, so more of them than cores run at once.
suites_at_once=$((2 * $(nproc)))

# run_suites PROGRAM PATTERN [OPTION…]: runs each suite whose name matches PATTERN, or with `!PATTERN` each other suite,
# in a process of its own.
#
# PROGRAM is what `swift build --build-tests` makes. The names are like `LinuxTests.FileTests`; a test outside of a suite
# counts as one. Within a process tests run one by one: those that wait hold a thread each, of as many as there are
# cores. OPTIONs are for the test program, such as `--skip`. What a process writes is shown as a whole when it ends.
# Returns 1 when a test failed, when a process was killed, or when nothing matches.
run_suites() {
    local suites status=0
    suite_program=$1 suite_folder=$(mktemp -d)
    # shellcheck disable=SC2064     # now: the name is gone later
    trap "rm -rf '$suite_folder'" EXIT
    suites=$("$1" --testing-library swift-testing --list-tests) || return
    # The largest first, so that none is left alone at the end.
    suites=$(awk -v pattern="${2#!}" -v inverted="$([[ $2 != !* ]]; echo $?)" -F '[/(]' '
        ($1 ~ pattern) != inverted { count[$1]++ }
        END { for (name in count) print count[name], name }' <<<"$suites" | sort -k1,1nr -k2 | cut -d ' ' -f 2)
    [[ -n $suites ]] || { echo "There is no suite that matches '$2'."; return 1; }
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

# run_suite [OPTION…] SUITE: one process of run_suites.
run_suite() {
    local suite=${*: -1} status=0 began=$EPOCHREALTIME log
    log=$suite_folder/$suite.log
    "$suite_program" --testing-library swift-testing --no-parallel --filter "^${suite/./\\.}[/(]" "${@:1:$#-1}" \
        >"$log" 2>&1 </dev/null || status=$?
    # EX_UNAVAILABLE: nothing to run, since the options leave out every test of the suite.
    if ((status == 69 && $# > 1)); then status=0; fi
    {
        cat "$log"
        echo "-- $suite status $status, $(((${EPOCHREALTIME/[.,]/} - ${began/[.,]/}) / 1000)) ms"
    } >"$log.shown"
    flock "$suite_folder" cat "$log.shown"
    ((status == 0))
}
