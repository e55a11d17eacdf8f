import { Problem, problemOf, unauthorized } from '../api/http';
import type { Uploaded, UploadKind } from '../api/types';

export interface UploadOptions {
  as: UploadKind;
  name: string;
  /** Of an avatar: the square, in pixels of the upright picture. */
  crop?: { x: number; y: number; size: number };
  /** Leave where a picture or a video was made in the file; otherwise the server takes it out. */
  keepLocation?: boolean;
  signal?: AbortSignal;
  /** 0 to 1. */
  onprogress?: (part: number) => void;
}

const stalledMs = 45_000;

/** Sends the bytes. By XMLHttpRequest, because fetch does not say how much of a body has gone. */
export function upload(body: Blob, { as, name, crop, keepLocation, signal, onprogress }: UploadOptions): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ as, name });
    if (crop) query.set('crop', [crop.x, crop.y, crop.size].map(Math.round).join(','));
    if (keepLocation) query.set('location', 'keep');
    request.open('POST', `/api/files?${query}`);
    request.setRequestHeader('X-Weir', '1');
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', 'application/octet-stream');

    let stalled: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => fail(new Problem(0, 'timeout')), stalledMs);
    };
    const cancel = () => fail(signal!.reason);
    function over() {
      clearTimeout(stalled);
      signal?.removeEventListener('abort', cancel);
    }
    function fail(reason: unknown) {
      over();
      reject(reason);
      request.abort();
    }

    signal?.addEventListener('abort', cancel);
    request.upload.onprogress = (event) => {
      alive();
      if (event.lengthComputable) onprogress?.(event.loaded / event.total);
    };
    request.onerror = () => fail(new Problem(0, 'offline'));
    request.onload = () => {
      over();
      if (request.status === 201) {
        try {
          return resolve(JSON.parse(request.responseText) as Uploaded);
        } catch {
          return reject(new Problem(0, 'offline'));
        }
      }
      if (request.status === 401) unauthorized();
      reject(problemOf(request.status, request.responseText, (header) => request.getResponseHeader(header)));
    };
    alive();
    request.send(body);
  });
}
