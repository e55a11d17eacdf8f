export type Values = Record<string, string | number>;
/** One text, or one for each plural form that the language has, chosen by the value `count`. */
export type Message = string | { one?: string; other: string };

/** Puts the values into a message: `{name}` is replaced, the plural form is the language's for `count`. */
export function format(message: Message, values: Values = {}, locale: string): string {
  const text = typeof message === 'string' ? message : pluralForm(message, Number(values.count ?? 0), locale);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

function pluralForm(message: { one?: string; other: string }, count: number, locale: string): string {
  const form = new Intl.PluralRules(locale).select(count);
  return (form === 'one' ? message.one : undefined) ?? message.other;
}

/** Names of the placeholders of a message, all plural forms together, sorted. */
export function placeholders(message: Message): string[] {
  const texts = typeof message === 'string' ? [message] : Object.values(message);
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)))].sort();
}
