/** What the server reads. Anything else that this browser can show is turned into a JPEG here. */
export const pictureTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'];
const largestSide = 2560;
const largeBytes = 3 << 20;

/** The size at which a picture is sent, or null when it goes as it is. */
export function targetSize(width: number, height: number, bytes: number, type: string): { width: number; height: number } | null {
  const side = Math.max(width, height);
  if (side <= largestSide && bytes <= largeBytes && pictureTypes.includes(type)) return null;
  const scale = Math.min(1, largestSide / side);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A phone's photograph is many times what anybody sees: it is made smaller before it is sent. Whatever cannot be, is sent as it is; the server looks at it anyway. */
export async function shrink(file: Blob): Promise<Blob> {
  // A GIF goes whole: it is small, or it moves and the server takes its first picture.
  if (file.type === 'image/gif' || typeof createImageBitmap !== 'function') return file;
  if (file.size <= largeBytes / 4 && pictureTypes.includes(file.type)) return file;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    return file;
  }
  try {
    const size = targetSize(bitmap.width, bitmap.height, file.size, file.type);
    if (!size) return file;
    const canvas = document.createElement('canvas');
    canvas.width = size.width;
    canvas.height = size.height;
    const context = canvas.getContext('2d');
    if (!context) return file;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, size.width, size.height);
    // What may be transparent stays so.
    const type = file.type === 'image/png' || file.type === 'image/webp' || file.type === 'image/avif' ? 'image/webp' : 'image/jpeg';
    const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, 0.9));
    return made && (made.size < file.size || !pictureTypes.includes(file.type)) ? made : file;
  } catch {
    return file;
  } finally {
    bitmap.close();
  }
}

/** The pictures, or the other files, of what was pasted or dropped. */
export function filesOf(data: DataTransfer | null): { pictures: File[]; others: File[] } {
  const files = [...(data?.files ?? [])];
  return { pictures: files.filter((file) => file.type.startsWith('image/') && file.type !== 'image/svg+xml'), others: files.filter((file) => !file.type.startsWith('image/') || file.type === 'image/svg+xml') };
}
