import { has, t } from '../i18n/i18n.svelte';

/** What an entry of the audit trail adds, in the reader's language: the server writes words of the API there, and lists of handles. What is no such word stays as it is. */
export function auditWords(detail: string): string {
  const [words, handles] = split(detail);
  return [words.split(', ').map(word).filter(Boolean).join(' · '), handles].filter(Boolean).join(' · ');
}

function split(detail: string): [string, string] {
  const at = detail.indexOf(': ');
  return at < 0 ? [detail, ''] : [detail.slice(0, at), detail.slice(at + 2)];
}

function word(code: string): string {
  const reporters = /^(\d+) reported it$/.exec(code);
  if (reporters) return t('admin.audit.reporters', { count: Number(reporters[1]) });
  if (/^report [0-9a-f]{32}$/.test(code)) return t('admin.audit.report');
  for (const key of [`admin.kind.${code}`, `report.reason.${code}`, `admin.audit.word.${code}`]) if (has(key)) return t(key);
  return code;
}
