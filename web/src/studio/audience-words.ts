import type { AudiencePreview, Circle, Friend } from '../api/types';
import { names, t } from '../i18n/i18n.svelte';
import type { Choice } from './audience';

const named = 3;

/** Who will see it, as one sentence: "Your 12 friends in Family, except Zhang Wei". */
export function audienceWords(choice: Choice, preview: AudiencePreview | null, circles: Circle[], friends: Friend[], place: string | null = null): string {
  if (choice.locked) return lockedWords(choice.locked.kind, preview, place);
  const who = whoWords(choice, preview, circles);
  const left = choice.kind === 'onlyMe' ? [] : leftOut(choice, preview, circles, friends);
  return left.length > 0 ? t('audience.words.except', { who, names: names(left) }) : who;
}

function lockedWords(kind: string, preview: AudiencePreview | null, place: string | null): string {
  if (kind !== 'conversation' && kind !== 'followers') return t('audience.words.unknown');
  return preview && place !== null ? t(`audience.words.${kind}`, { count: preview.count, name: place }) : t('audience.words.checking');
}

function whoWords(choice: Choice, preview: AudiencePreview | null, circles: Circle[]): string {
  switch (choice.kind) {
    case 'onlyMe': return t('audience.words.onlyMe');
    case 'link': return t('audience.words.link');
    case 'public': return t('audience.words.public');
    case 'friends':
    case 'circles': {
      if (!preview) return t('audience.words.checking');
      if (preview.count === 0) return t('audience.words.nobody');
      if (choice.kind === 'friends') return t('audience.words.friends', { count: preview.count });
      const chosen = circles.filter((circle) => choice.circles.includes(circle.id)).map((circle) => circle.name);
      return t('audience.words.circles', { count: preview.count, circles: names(chosen) });
    }
  }
}

function leftOut(choice: Choice, preview: AudiencePreview | null, circles: Circle[], friends: Friend[]): string[] {
  const groups = circles.filter((circle) => choice.exceptCircles.includes(circle.id)).map((circle) => t('audience.except.circle', { name: circle.name }));
  const people = preview && choice.exceptCircles.length === 0
    ? preview.except.map((person) => person.name)
    : choice.exceptAccounts.map((handle) => friends.find((friend) => friend.handle === handle)?.name ?? handle);
  const all = [...groups, ...people];
  return all.length > named + 1 ? [...all.slice(0, named), t('audience.words.others', { count: all.length - named })] : all;
}
