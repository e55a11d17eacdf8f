import type { RtmpTarget } from '../api/types';

/** Address and key in one URL, as phone apps and ffmpeg want it. */
export const fullUrl = ({ url, streamKey }: RtmpTarget): string => `${url.replace(/\/+$/, '')}/${streamKey}`;

/** A command for trying it out with a file: two-second keyframes and no B-frames, as the player likes it. */
export const ffmpegCommand = (target: RtmpTarget): string =>
  `ffmpeg -re -i video.mp4 -c:v libx264 -preset veryfast -tune zerolatency -b:v 2500k -g 60 -c:a aac -b:a 128k -f flv '${fullUrl(target)}'`;

/** The same with the key hidden, for a screen that others may see. */
export const mask = (text: string, key: string): string => (key ? text.replaceAll(key, '••••••••') : text);
