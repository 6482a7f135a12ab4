#!/bin/bash
# SPDX-License-Identifier: MIT
# ffmpeg: test patterns made, encoded by several threads, decoded, probed, piped, interrupted.
# needs: ffmpeg ffprobe
. "$TOP/tests/compat/lib.sh"
ff() {
	ffmpeg -nostdin -hide_banner -loglevel error "$@"
}
check version sh -c 'ffmpeg -version | head -n 1 | cut -d " " -f 1-3'
pattern='-f lavfi -i testsrc=size=320x240:rate=25:duration=2'
tone='-f lavfi -i sine=frequency=440:duration=2'
check pattern ff $pattern -f framemd5 -
for codec in mpeg4 libx264 libx265 libvpx-vp9; do
	ffmpeg -hide_banner -encoders 2>/dev/null | grep -qw $codec || continue
	check "encode $codec" ff $pattern $tone -c:v $codec -threads 1 -x265-params log-level=error:pools=1 -bitexact -y $codec.mkv
	check "decode $codec" sh -c "ffmpeg -nostdin -loglevel error -threads 2 -i $codec.mkv -map 0:v -f md5 -"
	check "probe $codec" ffprobe -loglevel error -show_entries stream=codec_name,width,sample_rate,duration -of csv $codec.mkv
done
check threads ff $pattern -c:v mpeg4 -threads 4 -y threads.avi
check 'many at once' sh -c "seq 4 | xargs -P 4 -I N ffmpeg -nostdin -loglevel error $pattern -c:v mjpeg -y N.avi && cat ?.avi | wc -c | grep -c ."
check pipe sh -c "ffmpeg -nostdin -loglevel error $pattern -f rawvideo -pix_fmt gray - | ffmpeg -loglevel error -f rawvideo -pix_fmt gray -s 320x240 -i - -vf scale=160:120 -f md5 -"
check pictures sh -c "ffmpeg -nostdin -loglevel error $pattern -vf fps=5 p%02d.png && ls p*.png | wc -l"
check filter ff $pattern -vf "hflip,negate,drawgrid" -f md5 -
check sound ff $tone -af volume=0.5 -f md5 -
exits 1 'no such file' ff -i /nonexistent -f null -
interrupted() {
	ffmpeg -nostdin -loglevel error -f lavfi -i testsrc -f null - &
	pid=$!
	sleep 1
	kill -TERM $pid
	wait $pid
}
exits 255 interrupted interrupted
