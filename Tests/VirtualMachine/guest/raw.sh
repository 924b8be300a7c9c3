#!/bin/sh
# Takes a snapshot of the vivid driver's colour bars in each raw format. The host checks these snapshots.
# shellcheck shell=dash source-path=SCRIPTDIR
# shellcheck source=system.sh
. /guest/system.sh

start_servers
v4l2-ctl -d /dev/video0 -c osd_text_mode=2      # show no text on the bars, not even in the first frame

# snapshot NAME OPTION…: runs the daemon with OPTIONs and writes a snapshot to /out/NAME.jpg.
snapshot() {
    name=$1
    shift
    start_capture --device /dev/video0 --size 640x360 --fps 10 "$@"
    within 20 is_online
    get /snapshot/main >"/out/$name.jpg" || miss "$name: no snapshot"
    status format >"/out/$name.format"
    stop_capture
}
for format in yuyv uyvy nv12 yu12 rgb24 bgr24 grey YVYU NV16 Y16 RGGB; do
    snapshot "$format" --format "$format"
done
snapshot auto --format auto
v4l2-ctl -d /dev/video0 -c quantization=1
snapshot full-range --format yuyv
v4l2-ctl -d /dev/video0 -c quantization=0

# Now vivid computes luma and chroma according to ITU-R BT.709, as cameras with HD sensors do. The colours of the
# snapshot must remain the same.
v4l2-ctl -d /dev/video0 -c y_cbcr_encoding=2
snapshot bt709 --format yuyv
v4l2-ctl -d /dev/video0 -c y_cbcr_encoding=0

# ---- a driver that fails to start streaming
for fault in inject_vidioc_reqbufs_error inject_vidioc_streamon_error; do
    v4l2-ctl -d /dev/video0 -c "$fault=1"
    : >/out/log/capture
    start_capture --device auto --size 320x180 --fps 25
    within 5 is_online
    expect "$fault: the error is reported once, and pictures arrive after $took s (3 or less)" \
        [ "$(grep -c 'failed: VIDIOC_' /out/log/capture)-$(below 3 "$took" && echo soon)" = 1-soon ]
    stop_capture
done

# ---- faults that the driver simulates while it streams
start_capture --device auto --size 320x180 --fps 25
within 5 is_online
start_viewer /out/viewer
for fault in inject_v4l2_buf_flag_error inject_vidioc_qbuf_error inject_fatal_streaming_error disconnect; do
    v4l2-ctl -d /dev/video0 -c "$fault=1"
    sleep 0.3
    begin=$(now)
    within 5 [ "$(lines /out/viewer "$begin" | wc -l)" -ge 5 ]
    expect "$fault: the stream goes on" within 4 is_online
done
echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
within 3 is_offline
expect "driver unbound: offline after $took s (1 or less)" below 1 "$took"
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
within 5 is_online
expect "driver bound again: online after $took s (2 or less)" below 2 "$took"
expect "the viewer's connection was never closed" kill -0 "$viewer"
expect "the viewer never got a broken picture" [ "$(frames /out/viewer 0 broken)" = 0 ]
stop_capture
