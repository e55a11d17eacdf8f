import { call } from '../api/http';
import type { FileBody, Person, Picture } from '../api/types';
import type { ReportKind, Target } from './report.svelte';

export const reasons = ['spam', 'harassment', 'violence', 'sexual', 'illegal', 'impersonation', 'selfHarm', 'other'] as const;
export type Reason = (typeof reasons)[number];
export type Outcome = 'dismissed' | 'removed' | 'suspended' | 'removedAndSuspended';

export interface Snapshot { title?: string; text?: string; pictures?: Picture[]; file?: FileBody; link?: string; place?: string; at?: string }
export interface Report {
  id: string;
  kind: ReportKind;
  targetId: string;
  accused: Person | null;
  accusedSuspended: boolean;
  snapshot: Snapshot | null;
  words: { from: Person; reason: Reason; note: string; createdAt: string }[];
  createdAt: string;
  decidedAt: string | null;
  decidedBy: Person | null;
  outcome: Outcome | null;
}
export interface ReportPage { open: number; reports: Report[]; next: string | null }

export async function send({ kind, id, part, statement }: Target, reason: Reason, note: string): Promise<void> {
  await call<{ id: string }>('POST', '/api/reports', { kind, id, part, statement: await statement?.(), reason, note });
}

export const reports = (state: 'open' | 'closed', from: string | null) =>
  call<ReportPage>('GET', `/api/admin/reports?state=${state}${from ? `&from=${encodeURIComponent(from)}` : ''}`);
export const decide = (id: string, remove: boolean, suspend: boolean) => call<void>('POST', `/api/admin/reports/${id}/decision`, { remove, suspend });
