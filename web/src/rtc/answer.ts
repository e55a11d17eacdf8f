/** The answer takes no sound: a stream that is refused has port 0 (RFC 8829 5.3.1). */
export const refusesSound = (sdp: string): boolean => /^m=audio 0 /m.test(sdp);
