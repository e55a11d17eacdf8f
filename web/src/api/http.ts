/** An answer that is not a success: RFC 9457 problem+json, or no answer at all (`code` "offline" or "timeout", status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    /** Codes of the fields that were refused, by field name. */
    readonly fields: Record<string, string[]> = {},
    /** The server's own words per field, shown when we have no translation of the code. */
    readonly fieldTexts: Record<string, string[]> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(`${status} ${code}`);
  }
}

/** For how long the server asked to be left alone; 0 when it did not. */
export const waitMs = (reason: unknown): number => (reason instanceof Problem ? (reason.retryAfterSeconds ?? 0) * 1000 : 0);

interface ProblemBody { code?: string; errors?: Record<string, string[]>; codes?: Record<string, string[]> }

const patienceMs = 20_000;
let onUnauthorized: () => void = () => {};

/** Called whenever a call finds that the session is over. */
export function whenUnauthorized(handler: () => void): void {
  onUnauthorized = handler;
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  // The header that no foreign page can send without a preflight: the server's guard against forged requests.
  if (method !== 'GET') headers['X-Weir'] = '1';
  if (body !== undefined) headers['Content-Type'] = 'application/json';

  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch (reason) {
    throw new Problem(0, reason instanceof DOMException && reason.name === 'TimeoutError' ? 'timeout' : 'offline');
  }

  if (response.ok) return (response.status === 204 ? undefined : await readJson(response)) as T;

  const problem = await readProblem(response);
  if (problem.status === 401 && path !== '/api/me' && path !== '/api/sessions' && path !== '/api/sessions/passkey') onUnauthorized();
  throw problem;
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // A proxy's page instead of our JSON, or a connection lost in the middle.
    throw new Problem(0, 'offline');
  }
}

async function readProblem(response: Response): Promise<Problem> {
  return problemOf(response.status, await response.text().catch(() => ''), (name) => response.headers.get(name));
}

/** What an answer that is no success says, however it came. */
export function problemOf(status: number, text: string, header: (name: string) => string | null): Problem {
  let body: ProblemBody = {};
  if (header('content-type')?.includes('json')) {
    try {
      body = JSON.parse(text) as ProblemBody;
    } catch {
      // Cut off on the way: the status alone says something.
    }
  }
  const retryAfter = Number(header('retry-after'));
  return new Problem(status, body.code ?? codeOf(status), body.codes ?? {}, body.errors ?? {}, retryAfter > 0 ? retryAfter : null);
}

/** The session is over; for calls that do not go by `call`. */
export const unauthorized = (): void => onUnauthorized();

function codeOf(status: number): string {
  switch (status) {
    case 401: return 'unauthorized';
    case 403: return 'forbidden';
    case 404: return 'not-found';
    case 429: return 'throttled';
    case 502: case 503: case 504: return 'busy';
    default: return 'unexpected';
  }
}
