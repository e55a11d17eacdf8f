import { catalogue, type MessageKey } from './catalogue';
import { format, type Values } from './format';

export type { MessageKey } from './catalogue';
export type Language = 'en' | 'zh';

const stored = 'weir.language';
const state = $state<{ language: Language }>({ language: initial() });

function initial(): Language {
  const chosen = localStorage.getItem(stored);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  const first = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? 'en';
  return first.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** The language as a BCP 47 tag, for Intl and for `<html lang>`. */
export const locale = (): string => (state.language === 'zh' ? 'zh-CN' : 'en');
export const language = (): Language => state.language;

export function setLanguage(language: Language): void {
  state.language = language;
  localStorage.setItem(stored, language);
}

/** The words for a key in the language of the moment. */
export function t(key: MessageKey, values?: Values): string {
  return format(catalogue[key][state.language], values, locale());
}

export function has(key: string): key is MessageKey {
  return Object.hasOwn(catalogue, key);
}

export const number = (value: number, digits = 0): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);

export const names = (list: string[]): string => new Intl.ListFormat(locale(), { type: 'conjunction' }).format(list);

export function day(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

export function date(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(new Date(iso));
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60]];

export function ago(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute' as const, 60];
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' }).format(Math.trunc(seconds / size), unit);
}
