/** An empty ISO BMFF box of a type, for tests. */
export const box = (type: string, payload = 0): ArrayBuffer => {
  const bytes = new Uint8Array(8 + payload);
  new DataView(bytes.buffer).setUint32(0, bytes.length);
  bytes.set([...type].map((char) => char.charCodeAt(0)), 4);
  return bytes.buffer;
};
