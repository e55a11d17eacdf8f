/** Where a file's bytes are; of a picture also small. */
export const fileUrl = (id: string): string => `/api/files/${encodeURIComponent(id)}`;
export const thumbUrl = (id: string): string => `${fileUrl(id)}?size=thumb`;
