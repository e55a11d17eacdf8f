import { Problem } from '../api/http';
import { t } from '../i18n/i18n.svelte';
import { ask } from '../shell/ask.svelte';

/** Changes who sees something; lets people in who were out only after a question. False: nothing was changed. */
export async function unlessWidened(change: (widen?: true) => Promise<unknown>, text = t('audience.widens.text')): Promise<boolean> {
  try {
    await change();
    return true;
  } catch (reason) {
    if (!(reason instanceof Problem) || reason.code !== 'widens') throw reason;
  }
  if (!(await ask(t('audience.widens.title'), text, t('audience.widens'), false))) return false;
  await change(true);
  return true;
}
