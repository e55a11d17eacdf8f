import { locale } from '../i18n/i18n.svelte';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** 1.4 MB, in the reader's language. */
export function sizeWords(bytes: number): string {
  let [value, unit] = [Math.max(0, bytes), 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return new Intl.NumberFormat(locale(), { style: 'unit', unit: units[unit], unitDisplay: unit === 0 ? 'long' : 'short', maximumFractionDigits: value < 10 && unit > 1 ? 1 : 0 }).format(value);
}
