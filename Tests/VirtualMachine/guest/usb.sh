#!/bin/sh
# Checks that viewers get the pictures of a USB camera on uvcvideo, whatever happens to the camera.
# shellcheck shell=dash source-path=SCRIPTDIR
# shellcheck source=system.sh
. /guest/system.sh

start_camera mjpeg:1280x720@30=/frames/large.mjpeg bare:640x480@30=/frames/small.mjpeg
start_servers
start_capture --device auto --size 1280x720 --fps 30 --control brightness=200 --control Contrast=17
log=/out/viewer

# ---- the list of devices, while another process streams from the camera
within 5 is_online
capture-daemon devices --json >/out/devices.json
capture-daemon devices >/out/devices.txt
expect "devices: the camera is listed with an option that can be copied" grep -q -- '--device /dev/video0' /out/devices.txt
expect "devices: a control is listed with the value that was set" grep -q -- '--control brightness=200' /out/devices.txt

# ---- rate, bytes, order
start_viewer "$log"
within 5 has_frames 10 "$log" 0
# If the viewer gets too few frames, measure again, up to four times in all. If the last result is still too low, and
# the camera itself has sent at most 29.5 frames a second, skip the check, because this computer is too busy.
is_fast() { below "$rate" 29; }
for try in 1 2 3 4; do
    begin=$(now) before=$(sent)
    sleep 6
    after=$(sent) end=$(now)
    awk -v begin="$begin" -v end="$end" '$1 >= begin && $1 < end' "$log" >/out/steady
    rates=$(awk -v begin="$begin" -v end="$end" -v sent=$((after - before)) \
        'END { printf "%.2f %.2f", NR / (end - begin), sent / (end - begin) }' /out/steady)
    rate=${rates% *} sent=${rates#* }
    ! is_fast || break
    echo "      try $try: the viewer gets $rate frames a second, the camera sends $sent"
done
same=$(frames /out/steady 0 same)
age=$(awk '{ print $4 }' /out/steady | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }')
name="MJPEG 1280x720 at 30: the viewer gets $rate frames a second (29 or more), the camera sends $sent"
name="$name, median age $age ms"
if ! is_fast && below 29.5 "$sent"; then
    echo "skip  $name: this computer is too busy for this check"
else
    expect "$name" is_fast
fi
expect "MJPEG: all $(wc -l </out/steady) frames are byte for byte what the camera sent" \
    [ "$same" = "$(wc -l </out/steady)" ]
expect "MJPEG: frames arrive in order and only once" \
    is_rising /out/steady

only_good_frames() { [ "$(frames "$log" "$begin" broken jpeg)" = 0 ] && has_frames 10 "$log" "$begin_after"; }

# ---- faults: a viewer never sees a broken picture, and the stream goes on
for fault in 'truncate 5' 'garbage 5' 'empty 5' 'error 5' 'skip 5' 'merge 3'; do
    begin=$(now)
    camera "$fault"
    sleep 0.6
    begin_after=$(now)
    within 2 has_frames 10 "$log" "$begin_after"
    expect "fault '$fault': no broken picture, and frames go on" only_good_frames
done
begin=$(now)
camera stall 3
sleep 3.2
begin_after=$(now)
within 2 has_frames 10 "$log" "$begin_after"
expect "fault 'stall 3': frames arrive again $took s after it, and none is broken" \
    [ "$(frames "$log" "$begin" broken)" = 0 ]

# ---- unplugged and plugged in
capture_process=$capture
count_handles() {
    for process in $capture_process $(cat /run/worker.pid); do
        find "/proc/$process/fd" | wc -l
        find "/proc/$process/task" -maxdepth 1 | wc -l
    done | tr '\n' ' '
}
handles_before=$(count_handles)
begin=$(now)
camera unplug
within 3 is_offline
expect "unplugged: online is false after $took s (1 or less)" below 1 "$took"
within 5 has_picture "$log" "$begin"
took=$(first "$log" "$begin" jpeg)
expect "unplugged: an outage picture after $took s (2 or less)" below 2 "$took"
get "/snapshot?offline=picture" >/out/unplugged.jpg
plug_in() {
    begin=$(now)
    camera plug
    within 6 has_frames 5 "$log" "$begin" || return
    took=$(first "$log" "$begin" same)
}
plug_in
expect "plugged in: frames again after $took s (2 or less)" below 2 "$took"
within 2 is_online
sleep 0.3
expect "plugged in: the controls are set again" \
    [ "$(v4l2-ctl -d "$(status device)" -C brightness,contrast | tr '\n' ' ')" = "brightness: 200 contrast: 17 " ]

# ---- the camera returns under another name, since another process keeps the old device node open
old=$(status device)
exec 3<"$old"
camera unplug
within 3 is_offline
plug_in
expect "device node held open by another process: frames again after $took s (2 or less)" below 2 "$took"
expect "device node held open by another process: under another name, $(status device) instead of $old" \
    [ "$(status device)" != "$old" ]
exec 3<&-

# ---- the clock is stepped by an hour while the camera streams
for step in -3600 3600; do
    begin=$(now)
    date -s "@$(($(date +%s) + step))" >/dev/null
    sleep 1
    within 5 has_frames 10 "$log" "$begin"
    expect "clock stepped by $step s: pictures go on, and none is an outage picture" \
        [ "$(frames "$log" "$begin" jpeg broken)-$(is_online && echo online)" = 0-online ]
    expect "clock stepped by $step s: the picture's age is $(status age_ms) ms (2000 or less)" below 2000 "$(status age_ms)"
done

# ---- unplugged and plugged in 20 times
memory() {
    for process in $capture_process $(cat /run/worker.pid); do
        sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$process/status"
    done | tr '\n' ' '
}
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    camera unplug
    within 3 is_offline || miss "round $round: the camera is not reported as offline"
    echo "${took%+}" >>/tmp/offline
    plug_in || miss "round $round: no frames arrive"
    echo "${took%+}" >>/tmp/online
    # After five rounds, each buffer has held its largest picture, so memory should not grow any more.
    [ "$round" != 5 ] || memory_before=$(memory)
done
memory_after=$(memory)
is_flat() {
    echo "$memory_before $memory_after" | awk '{ for (i = 1; i <= 2; i++) if ($(i + 2) > $i + 600) more = 1; exit more }'
}
# middle FILE: prints the median and the maximum of the 20 durations in FILE. The checks below use only the median,
# since this computer may be busy for a moment.
middle() { sort -n "$1" | sed -n '10p;$p' | tr '\n' ' ' | sed 's/ $//; s/ / s, at most /'; }
expect "20 times: offline after $(middle /tmp/offline) s (1 or less)" below 1 "$(middle /tmp/offline | sed 's/ .*//')"
expect "20 times: frames again after $(middle /tmp/online) s (2 or less)" \
    below 2 "$(middle /tmp/online | sed 's/ .*//')"
# Pictures that are on their way to the viewer need two or three descriptors. A leak in each round would leave 20.
is_settled() {
    handles=$(count_handles)
    echo "$handles_before $handles" | awk '{ for (i = 1; i <= 4; i++) if ($(i + 4) > $i + 3) more = 1; exit more }'
}
within 5 is_settled
settled=$?
expect "20 times: no descriptor and no thread is left over ($handles_before before, $handles after)" [ "$settled" = 0 ]
expect "20 times: the memory has not grown (kB of daemon and worker: ${memory_before}after 5 times, ${memory_after}after 20)" is_flat

# ---- the first virtual controller is removed, so the camera returns at a port of the second controller
camera unplug
within 3 is_offline
echo dummy_udc.0 >/sys/bus/platform/drivers/dummy_udc/unbind
plug_in
expect "at another port: frames again after $took s (2 or less)" below 2 "$took"
within 2 is_online
node=$(status device)
place=$(readlink -f "/sys/class/video4linux/${node##*/}/device")
echo "$place" >/tmp/place
expect "at another port: $node is at ${place#/sys/devices/platform/}" grep -q dummy_hcd.1 /tmp/place
expect "at another port: the controls are set again" \
    [ "$(v4l2-ctl -d "$(status device)" -C brightness | tr '\n' ' ')" = "brightness: 200 " ]
expect "the viewer's connection was never closed" kill -0 "$viewer"
expect "the viewer never got a broken picture" [ "$(frames "$log" 0 broken)" = 0 ]
kill "$viewer"
stop_capture

# ---- a camera that omits its Huffman tables
start_capture --device auto --size 640x480 --fps 30
within 5 is_online
start_viewer /out/bare
within 6 has_frames 30 /out/bare 0
kill "$viewer"
expect "MJPEG without tables: the standard tables are added, and the rest is unchanged" \
    [ "$(frames /out/bare 0 same first jpeg broken)-$(head -n 30 /out/bare | wc -l)" = 0-30 ]
stop_capture

# ---- another program streams from the camera
node=$(capture-daemon devices | sed -n 's/.*--device \([^ ]*\).*/\1/p')
v4l2-ctl -d "$node" --stream-mmap --stream-to=/dev/null >/dev/null 2>&1 &
streamer=$!
sleep 1
: >/out/log/capture
start_capture --device auto --size 1280x720
expect "busy: the daemon logs the reason" within 5 log_has 'is busy: another program streams from it'
expect "busy: the status is waiting" within 2 is_state waiting
sleep 2
expect "busy: reported only once" [ "$(grep -c 'is busy' /out/log/capture)" = 1 ]
kill "$streamer"
within 4 is_online
expect "no longer busy: pictures after $took s (3 or less)" below 3 "$took"
stop_capture
