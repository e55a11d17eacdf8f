export type ReportKind = 'message' | 'moment' | 'momentComment' | 'liveComment' | 'broadcast' | 'article' | 'official' | 'person';

/** What is reported. Of a live comment `statement` asks the live plane for its signed word, at the moment of sending. */
export interface Target { kind: ReportKind; id: string; part?: string; statement?: () => Promise<string> }

let shown = $state.raw<Target | null>(null);

export const reporting = (): Target | null => shown;

/** Opens the dialog, whatever page one is on. */
export function report(target: Target): void {
  shown = target;
}

export function endReport(): void {
  shown = null;
}
