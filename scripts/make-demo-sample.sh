#!/usr/bin/env bash
# Makes the moving picture that --demo sends: water colours, a pendulum, a clock and a soft ping each second; 20 s, loops.
set -euo pipefail
out=$(cd "$(dirname "$0")/.." && pwd)/src/Weir/Demo/sample.flv
font=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf
ffmpeg -y -loglevel error \
  -f lavfi -i "gradients=s=640x360:r=25:c0=0x0b3d4a:c1=0x1b8a7a:c2=0x9fd8cb:nb_colors=3:x0=0:y0=0:x1=640:y1=360:speed=0.02:d=20" \
  -f lavfi -i "color=c=white@0.85:s=36x36:r=25:d=20,format=yuva420p,geq=lum=235:cb=128:cr=128:a='if(lte(hypot(X-18,Y-18),17),220,0)'" \
  -f lavfi -i "aevalsrc='0.22*sin(2*PI*587.33*t)*exp(-7*mod(t,1))+0.10*sin(2*PI*880*t)*exp(-9*mod(t+0.5,1))':s=48000:d=20" \
  -filter_complex "[0][1]overlay=x='302+230*sin(PI*t)':y='250-70*cos(2*PI*t)':shortest=1[p];[p]drawtext=fontfile=$font:text='%{pts\:hms}':fontsize=54:fontcolor=white:x=(w-tw)/2:y=92:shadowx=2:shadowy=2:shadowcolor=0x0b3d4a,drawtext=fontfile=$font:text='Weir demo':fontsize=22:fontcolor=white@0.9:x=24:y=24[v]" \
  -map "[v]" -map 2:a -c:v libx264 -preset slow -profile:v high -bf 0 -g 50 -keyint_min 50 -sc_threshold 0 -b:v 380k -maxrate 500k -bufsize 760k -pix_fmt yuv420p \
  -c:a aac -b:a 64k -ac 1 -ar 48000 -t 20 -flvflags no_duration_filesize "$out"
ls -l "$out"
