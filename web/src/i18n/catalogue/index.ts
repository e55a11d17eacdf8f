import type { Message } from '../format';
import { account } from './account';
import { accounts } from './accounts';
import { admin } from './admin';
import { camera } from './camera';
import { chats } from './chats';
import { live } from './live';
import { moments } from './moments';
import { notices } from './notices';
import { people } from './people';
import { pictures } from './pictures';
import { problems } from './problems';
import { reports } from './reports';
import { search } from './search';
import { security } from './security';
import { shell } from './shell';
import { studio } from './studio';
import { watch } from './watch';

/** Every text of the web app, once, in both languages. A capability has one file here. */
const all = { ...shell, ...account, ...admin, ...camera, ...chats, ...live, ...moments, ...notices, ...people, ...pictures, ...problems, ...studio, ...watch, ...accounts, ...reports, ...search, ...security };

export type MessageKey = keyof typeof all;
export const catalogue: Record<MessageKey, { en: Message; zh: Message }> = all;
/** For the test that no two files use one key. */
export const parts = { shell, account, admin, camera, chats, live, moments, notices, people, pictures, problems, studio, watch, accounts, reports, search, security };
