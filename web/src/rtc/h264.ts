/**
 * Whether this browser has H.264 in WebRTC, which is the one picture format that the server carries there (RFC 6184, packetization
 * mode 1). A browser that does not say is taken to have it.
 */
function has(side: { getCapabilities?(kind: string): RTCRtpCapabilities | null } | undefined): boolean {
  const codecs = side?.getCapabilities?.('video')?.codecs;
  return codecs === undefined || codecs.some(isUsable);
}

function isUsable({ mimeType, sdpFmtpLine }: RTCRtpCodec): boolean {
  return mimeType.toLowerCase() === 'video/h264' && (sdpFmtpLine === undefined || sdpFmtpLine.includes('packetization-mode=1'));
}

export const sendsH264 = (): boolean => has(globalThis.RTCRtpSender);
export const receivesH264 = (): boolean => has(globalThis.RTCRtpReceiver);
