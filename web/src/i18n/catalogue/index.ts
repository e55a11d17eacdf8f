import type { Message } from '../format';
import { account } from './account';
import { admin } from './admin';
import { live } from './live';
import { people } from './people';
import { problems } from './problems';
import { shell } from './shell';
import { studio } from './studio';
import { watch } from './watch';

/** Every text of the web app, once, in both languages. A capability has one file here. */
const all = { ...shell, ...account, ...admin, ...live, ...people, ...problems, ...studio, ...watch };

export type MessageKey = keyof typeof all;
export const catalogue: Record<MessageKey, { en: Message; zh: Message }> = all;
/** For the test that no two files use one key. */
export const parts = { shell, account, admin, live, people, problems, studio, watch };
