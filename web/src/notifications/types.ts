import type { BroadcastState, Person } from '../api/types';

// The JSON of docs/protocol.md, "Notifications".

export const kinds = [
  'directMessage', 'groupMessage', 'mention', 'reply', 'friendRequest', 'friendAccepted', 'momentLike', 'momentComment', 'momentReply', 'live', 'groupRequest', 'editorInvitation',
  'invitationUsed', 'article', 'administratorReset',
] as const;
export type Kind = (typeof kinds)[number];

/** Where a tap leads. */
export interface Place {
  kind: 'conversation' | 'friendRequest' | 'groupInvitation' | 'person' | 'officialAccount' | 'broadcast' | 'moment' | 'article' | (string & {});
  id: string;
  name?: string | null;
  seq?: number | null;
  state?: BroadcastState | null;
  direct?: boolean | null;
}

export interface Notice {
  id: string;
  kind: Kind | 'summary';
  at: string;
  read: boolean;
  quiet: boolean;
  /** How many people did it; `people` has the newest three. */
  count: number;
  people: Person[];
  place: Place | null;
  text: string | null;
  counts: Partial<Record<Kind, number>> | null;
}

export interface Choice { inApp: boolean; push: 'now' | 'summary' | 'never' }
export interface Settings {
  kinds: Record<Kind, Choice>;
  /** Pushes say what a message says. */
  previews: boolean;
  /** Minutes after midnight. */
  quietHours: { from: number; to: number } | null;
  summaryAt: number | null;
  timeZone: string | null;
}
