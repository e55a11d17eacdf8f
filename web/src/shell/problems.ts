import { Problem } from '../api/http';
import { has, t } from '../i18n/i18n.svelte';

/** What went wrong, in words of the reader's language. */
export function words(reason: unknown): string {
  if (!(reason instanceof Problem)) return t('problem.unexpected');
  if (reason.status === 429 && reason.retryAfterSeconds) return t('problem.throttled.for', { count: reason.retryAfterSeconds });
  const key = `problem.${reason.code}`;
  if (has(key)) return t(key);
  // A code this catalogue does not know yet: the server's own sentence is better than nothing.
  return Object.values(reason.fieldTexts).flat()[0] ?? fallback(reason.status);
}

function fallback(status: number): string {
  if (status === 429) return t('problem.throttled');
  if (status === 404) return t('problem.not-found');
  if (status === 403) return t('problem.forbidden');
  return status >= 500 ? t('problem.busy') : t('problem.unexpected');
}

/** Words for each refused field; empty when the problem is about no field. */
export function fieldWords(reason: unknown): Record<string, string> {
  if (!(reason instanceof Problem)) return {};
  const result: Record<string, string> = {};
  for (const field of new Set([...Object.keys(reason.fields), ...Object.keys(reason.fieldTexts)])) {
    const key = `problem.${reason.fields[field]?.[0] ?? ''}`;
    result[field] = has(key) ? t(key) : (reason.fieldTexts[field]?.[0] ?? t('problem.invalid'));
  }
  return result;
}

export const isNotFound = (reason: unknown): boolean => reason instanceof Problem && reason.status === 404;

/** No answer, or none at the moment: the same question may be answered as soon as the network or the server is back. */
export const isPassing = (reason: unknown): boolean => reason instanceof Problem && (reason.status === 0 || (reason.status >= 502 && reason.status <= 504));
