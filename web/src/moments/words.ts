import type { Audience, AudienceKind } from '../api/types';
import { ago, date, has, t } from '../i18n/i18n.svelte';
import type { Waiting } from '../outgoing/outgoing.svelte';

const weekMs = 7 * 86_400_000;

/** The kinds of audience that a moment may have. */
export const ofMoments = ['friends', 'circles', 'onlyMe'] as const satisfies readonly AudienceKind[];

/** "5 min. ago", and the date once that says more. */
export const since = (iso: string, now: number): string => (now - Date.parse(iso) > weekMs ? date(iso) : ago(iso, now));

/** Who sees my moment, in a word or two. */
export function audienceMark(audience: Audience): string {
  const kind = ofMoments.find((one) => one === audience.kind);
  if (!kind) return t('moments.mark.other'); // newer than this page
  const except = (audience.except?.accounts?.length ?? 0) + (audience.except?.circles?.length ?? 0) > 0;
  return except && kind !== 'onlyMe' ? t(`moments.mark.${kind}.except`) : t(`moments.mark.${kind}`);
}

/** Why something of mine was refused. */
export function failedWords(one: Waiting): string {
  const key = `problem.${one.code ?? ''}`;
  return has(key) ? t('chats.failed.why', { why: t(key) }) : t('chats.failed');
}
