#!/bin/sh
# The scripts of the scenarios source this file, which defines the functions that start and check Oriel in the guest
# (nginx, spawn-fcgi, one worker).
# shellcheck shell=dash disable=SC2034     # the scenarios use these variables

export ORIEL_RUNTIME_DIR=/run/oriel STATE_DIRECTORY=/var/lib/oriel

pass() { echo "ok    $*"; }
miss() { echo "FAIL  $*"; }
# expect NAME COMMAND…: prints the result of the check NAME, which passes if COMMAND succeeds.
expect() {
    expect_name=$1
    shift
    if "$@"; then pass "$expect_name"; else miss "$expect_name"; fi
}

now() { awk '{ print $1 }' /proc/uptime; }
# below LIMIT NUMBER: succeeds if NUMBER is at most LIMIT. Both may have decimals.
below() { awk -v limit="$1" -v number="$2" 'BEGIN { exit !(number ~ /^[0-9.]+$/ && number <= limit + 0) }'; }

# within SECONDS COMMAND…: repeats COMMAND until it succeeds, for at most SECONDS. The variable
# `took` is then the elapsed time in seconds. It ends with a `+` if COMMAND never succeeded.
within() {
    within_limit=$1 within_begin=$(now)
    shift
    while ! "$@" 2>/dev/null; do
        took=$(awk -v begin="$within_begin" '{ printf "%.2f", $1 - begin }' /proc/uptime)
        if ! below "$within_limit" "$took"; then
            took=$took+
            return 1
        fi
        sleep 0.05
    done
    took=$(awk -v begin="$within_begin" '{ printf "%.2f", $1 - begin }' /proc/uptime)
}

# ---- Oriel

mkdir -p /run/oriel /var/lib/nginx /var/log/nginx /out/log

start_servers() {
    cp -r /etc/oriel/nginx /etc/nginx
    cp /etc/oriel/mime.types /etc/nginx/
    # Run only the ingest server, since this machine has no relay for web.conf.
    sed -i '/include web.conf/d' /etc/nginx/nginx.conf
    spawn-fcgi -s /run/oriel/mjpeg-fcgi.sock -U www-data -P /run/worker.pid -- /usr/bin/mjpeg-fcgi --camera main \
        >/out/log/spawn 2>&1
    nginx -c /etc/nginx/nginx.conf
    within 5 get /status >/dev/null
}

# start_capture OPTION…: starts the daemon of camera main. The variable `capture` is then the daemon's process ID.
start_capture() {
    capture-daemon "$@" 2>>/out/log/capture &
    capture=$!
}

stop_capture() {
    kill "$capture"
    wait "$capture"
}

get() { wget -q -O - "http://127.0.0.1:9001$1"; }
# status FIELD: prints the value of a field of the camera's status. The value must not be an object.
status() { get /status/main | sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
is_online() { [ "$(status online)" = true ]; }
is_offline() { [ "$(status online)" = false ]; }
is_state() { [ "$(status state)" = "$1" ]; }
log_has() { grep -q "$1" /out/log/capture; }

# ---- the USB camera

camera() { echo "$*" >/run/usb-camera; }
start_camera() {
    usb-camera "$@" 2>>/out/log/usb-camera &
    within 5 [ -e /dev/video0 ]
}

# Prints the number of frames that the camera has sent.
sent() {
    camera count
    sleep 0.1
    sed -n 's/.*: sent //p' /out/log/usb-camera | tail -n 1
}

# ---- the viewer, which prints a line for each frame: time, number, bytes, age, kind, index

start_viewer() {
    viewer --frames /frames/large.mjpeg --frames /frames/small.mjpeg 9001 /mjpeg/main >"$1" &
    viewer=$!
}
lines() { awk -v from="${2:-0}" '$1 >= from' "$1"; }
# frames FILE FROM KIND…: prints how many frames of these kinds have arrived since FROM, a time that `now` printed.
frames() {
    frames_file=$1 frames_from=$2
    shift 2
    lines "$frames_file" "$frames_from" |
        awk -v kinds=" $* " '{ if (index(kinds, " " $5 " ")) count++ } END { print count + 0 }'
}
# first FILE FROM KIND: prints when the first frame of this kind after FROM arrived, in seconds after FROM.
first() {
    lines "$1" "$2" | awk -v from="$2" -v kind="$3" '$5 == kind { printf "%.2f", $1 - from; exit }'
}
has_frames() { [ "$(frames "$2" "$3" same repaired)" -ge "$1" ]; }
# shellcheck disable=SC2016     # awk's dollars
is_rising() { awk 'NR > 1 && $2 <= last { wrong = 1 } { last = $2 } END { exit wrong }' "$1"; }
has_picture() { [ "$(frames "$1" "$2" jpeg)" -ge 1 ]; }
