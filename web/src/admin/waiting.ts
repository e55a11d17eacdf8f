import { Problem } from '../api/http';
import { reports } from '../reports/calls';
import { setBadge } from '../shell/badges.svelte';

/** Reports that wait for a decision, for the mark beside the server's pages. */
export async function loadReportCount(): Promise<void> {
  try {
    setBadge('admin', (await reports('open', null)).open);
  } catch (reason) {
    if (!(reason instanceof Problem)) throw reason; // a mark that is missing now comes with the next look
  }
}
