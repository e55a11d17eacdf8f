// A development tool: the JSON API in memory and a stand-in for the live plane, to look at pages without a backend.
// `npm run build && npm run mock`, then http://localhost:8090. It checks nothing and forgets everything.
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import { makeReplay, MediaSource, mime } from './mock-media.mjs';

const port = Number(process.env.MOCK_PORT ?? 8090);
const livePort = port + 1;
const dist = new URL('../dist/', import.meta.url).pathname;
const media = mkdtempSync(join(tmpdir(), 'weir-mock-'));
const id = () => randomBytes(16).toString('hex');
const now = () => new Date().toISOString();
const earlier = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const person = (handle, name) => ({ id: id(), handle, name });
const brief = ({ id: one, handle, name }) => ({ id: one, handle, name });

const people = [person('ada', 'Ada Lindqvist'), person('wei', '张伟'), person('mei', '李梅'), person('sam', 'Sam Okafor'), person('noor', 'Noor')];
const [ada, wei, mei, sam, noor] = people;
const family = { id: id(), name: 'Family', members: [wei, mei] };
const state = {
  circles: [family, { id: id(), name: '同事', members: [sam] }],
  requests: { incoming: [{ id: id(), from: noor, createdAt: earlier(3) }], outgoing: [] },
  friends: [wei, mei, sam], blocks: [], invitations: [], live: { enabled: true, mode: 'everyone', accounts: [] }, suspended: new Set(), liveAvailable: true,
  key: randomBytes(16).toString('hex'),
};
const sessions = new Map();
const broadcast = (host, title, extra) => ({ id: id(), host, title, state: 'ready', createdAt: now(), comments: 0, peakViewers: 0, recorded: false, audience: { kind: 'friends' }, said: [], sockets: new Set(), ...extra });
const running = broadcast(wei, '厨房直播：今晚包饺子', { audience: { kind: 'public' }, state: 'live', startedAt: earlier(12) });
const finished = broadcast(mei, 'Sunday walk along the river', { state: 'ended', startedAt: earlier(2000), endedAt: earlier(1990), durationMs: 20_000, recorded: true, peakViewers: 7, comments: 4 });
finished.said = ['Lovely light!', '好漂亮', 'Where is this?', 'See you next week'].map((text, index) => ({ type: 'comment', id: id(), account: people[index].id, name: people[index].name, text, at: 1500 + index * 3000, time: now() }));
const broadcasts = [running, finished];
const shown = (one, me) => {
  const { said, sockets, audience, ...rest } = one;
  return { ...rest, host: brief(one.host), comments: said.length, isHost: one.host === me, liveAvailable: state.liveAvailable, viewers: sockets.size, ...(one.host === me ? { audience } : {}) };
};
const targets = (key) => ({ rtmp: { url: 'rtmp://localhost:1935/live', streamKey: key }, whip: { url: `http://localhost:${livePort}/whip/x`, token: key } });
const audienceOf = (audience) => {
  const chosen = audience.kind === 'onlyMe' ? [] : audience.kind === 'circles' ? state.friends.filter((one) => state.circles.some((circle) => audience.circles.includes(circle.id) && circle.members.includes(one))) : state.friends;
  const out = (one) => audience.except?.accounts?.includes(one.handle) || state.circles.some((circle) => audience.except?.circles?.includes(circle.id) && circle.members.includes(one));
  return { count: chosen.filter((one) => !out(one)).length, people: chosen.filter((one) => !out(one)).map(brief), except: chosen.filter(out).map(brief) };
};
const find = (list, wanted) => list.find((one) => one.id === wanted) ?? fail(404, 'not-found');
const byHandle = (handle) => people.find((one) => one.handle === handle) ?? fail(404, 'not-found');
function fail(status, code) { throw Object.assign(new Error(code), { status, code }); }
const without = (list, one) => list.filter((other) => other !== one);
const me = (one) => ({ ...brief(one), isAdmin: one === ada, mayGoLive: one !== noor });

const forAll = (path) => broadcasts.some((one) => one.audience.kind === 'public' && [`/api/broadcasts/${one.id}`, `/api/broadcasts/${one.id}/tickets`].includes(path));
const open = new Set(['/api/server', '/api/demo/sessions', '/api/sessions', '/api/setup', '/api/accounts']);
const routes = [
  ['GET /api/server', () => ({ name: 'Weir', version: '0.1', setupNeeded: false, demo: process.env.MOCK_DEMO === '0' ? null : { people: people.map(brief) }, live: { available: state.liveAvailable, enabled: state.live.enabled } })],
  ['POST /api/demo/sessions', ({ body }, reply) => reply.sign(byHandle(body.handle))],
  ['POST /api/sessions', ({ body }, reply) => (body.password === 'correct horse' ? reply.sign(byHandle(body.handle)) : fail(401, 'wrong-password'))],
  ['POST /api/accounts', ({ body }, reply) => { const made = person(body.handle, body.name); people.push(made); return reply.sign(made); }],
  ['POST /api/setup', () => fail(404, 'not-found')],
  ['GET /api/me', ({ who }) => me(who)],
  ['PATCH /api/me', ({ who, body }) => { who.name = body.name; return me(who); }],
  ['POST /api/me/password', () => fail(400, 'wrong-password')],
  ['GET /api/sessions', () => [{ id: '1', createdAt: earlier(500), lastSeenAt: now(), client: 'Chromium on Linux', current: true }, { id: '2', createdAt: earlier(9000), lastSeenAt: earlier(300), client: 'Safari on iPhone', current: false }]],
  ['DELETE /api/sessions/:id', (_, reply) => reply.signOut()],
  ['GET /api/invitations', () => state.invitations],
  ['POST /api/invitations', () => { const code = randomBytes(9).toString('base64url'); state.invitations.push({ code, createdAt: now(), expiresAt: earlier(-10_000), usedBy: null }); return { code }; }],
  ['GET /api/invitations/:code', ({ params }) => (params.code === 'void' ? fail(404, 'not-found') : { from: { name: ada.name }, expiresAt: earlier(-10_000) })],
  ['DELETE /api/invitations/:code', ({ params }) => { state.invitations = state.invitations.filter((one) => one.code !== params.code); }],
  ['GET /api/friends', () => state.friends.map((one) => ({ ...brief(one), since: earlier(90_000), circles: state.circles.filter((circle) => circle.members.includes(one)).map((circle) => circle.id) }))],
  ['DELETE /api/friends/:handle', ({ params }) => { state.friends = without(state.friends, byHandle(params.handle)); }],
  ['GET /api/friend-requests', () => state.requests],
  ['POST /api/friend-requests', ({ body }) => { const to = byHandle(body.handle); state.requests.outgoing.push({ id: id(), to: brief(to), createdAt: now() }); return { id: id() }; }],
  ['POST /api/friend-requests/:id/accept', ({ params }) => { const request = find(state.requests.incoming, params.id); state.requests.incoming = without(state.requests.incoming, request); state.friends.push(request.from); }],
  ['DELETE /api/friend-requests/:id', ({ params }) => { for (const side of ['incoming', 'outgoing']) state.requests[side] = state.requests[side].filter((one) => one.id !== params.id); }],
  ['GET /api/blocks', () => state.blocks.map(brief)],
  ['PUT /api/blocks/:handle', ({ params }) => { const one = byHandle(params.handle); state.blocks.push(one); state.friends = without(state.friends, one); }],
  ['DELETE /api/blocks/:handle', ({ params }) => { state.blocks = without(state.blocks, byHandle(params.handle)); }],
  ['GET /api/circles', () => state.circles.map((one) => ({ ...one, members: one.members.map(brief) }))],
  ['POST /api/circles', ({ body }) => { const made = { id: id(), name: body.name, members: body.members.map(byHandle) }; state.circles.push(made); return { id: made.id }; }],
  ['PATCH /api/circles/:id', ({ params, body }) => { find(state.circles, params.id).name = body.name; }],
  ['DELETE /api/circles/:id', ({ params }) => { state.circles = without(state.circles, find(state.circles, params.id)); }],
  ['PUT /api/circles/:id/members/:handle', ({ params }) => { find(state.circles, params.id).members.push(byHandle(params.handle)); }],
  ['DELETE /api/circles/:id/members/:handle', ({ params }) => { const circle = find(state.circles, params.id); circle.members = without(circle.members, byHandle(params.handle)); }],
  ['POST /api/audience-preview', ({ body }) => audienceOf(body.audience)],
  ['GET /api/broadcasts', ({ who, query }) => { const scope = query.get('scope'); return broadcasts.filter((one) => (scope === 'mine' ? one.host === who : scope === 'live' ? one.state === 'live' || one.state === 'interrupted' : one.state === 'ended')).map((one) => shown(one, who)); }],
  ['POST /api/broadcasts', ({ who, body }) => { const made = broadcast(who, body.title, { audience: body.audience, key: randomBytes(16).toString('hex') }); broadcasts.unshift(made); setTimeout(() => goLive(made), Number(process.env.MOCK_START_MS ?? 8000)); return { id: made.id, state: 'ready', ...targets(made.key) }; }],
  ['GET /api/broadcasts/:id', ({ who, params }) => shown(find(broadcasts, params.id), who)],
  ['PATCH /api/broadcasts/:id', ({ who, params, body }) => shown(Object.assign(find(broadcasts, params.id), body), who)],
  ['DELETE /api/broadcasts/:id', ({ params }) => { broadcasts.splice(broadcasts.indexOf(find(broadcasts, params.id)), 1); }],
  ['POST /api/broadcasts/:id/end', ({ params }) => { const one = find(broadcasts, params.id); Object.assign(one, { state: 'ended', endedAt: now(), durationMs: 20_000 }); for (const socket of one.sockets) { socket.tell({ type: 'ended' }); socket.close(4410); } setTimeout(() => (one.recorded = true), 900); }],
  ['POST /api/broadcasts/:id/tickets', ({ who, params }) => { find(broadcasts, params.id); const ticket = `${params.id}-${who?.handle ?? ''}`; const at = `localhost:${livePort}/live/${params.id}`; return { ticket, expiresAt: earlier(-700), watch: { websocket: `ws://${at}/watch?ticket=${ticket}`, hls: `http://${at}/index.m3u8?ticket=${ticket}`, flv: '', rtmp: '', whep: '', replay: `http://${at}/replay.m3u8?ticket=${ticket}` } }; }],
  ['GET /api/broadcasts/:id/publish', ({ params }) => targets(find(broadcasts, params.id).key ?? 'x')],
  ['GET /api/broadcasts/:id/viewers', ({ params }) => { const one = find(broadcasts, params.id); return { count: one.sockets.size, people: [...new Set([...one.sockets].map((socket) => socket.who))].filter(Boolean).map(brief), asOf: now() }; }],
  ['PUT /api/broadcasts/:id/mutes/:account', ({ params }) => mute(params, true)],
  ['DELETE /api/broadcasts/:id/mutes/:account', ({ params }) => mute(params, false)],
  ['GET /api/encoder-key', () => ({ rtmp: targets(state.key).rtmp, masked: `••••${state.key.slice(-4)}`, createdAt: earlier(9000) })],
  ['POST /api/encoder-key/renew', () => { state.key = randomBytes(16).toString('hex'); return { rtmp: targets(state.key).rtmp, masked: `••••${state.key.slice(-4)}`, createdAt: now() }; }],
  ['GET /api/admin/live', () => state.live],
  ['PUT /api/admin/live', ({ body }) => { state.live = { enabled: body.enabled, mode: body.mode, accounts: body.handles.map(byHandle).map(brief) }; return state.live; }],
  ['GET /api/admin/accounts', ({ query }) => people.filter((one) => one.name.toLowerCase().includes(query.get('q').toLowerCase()) || one.handle.includes(query.get('q'))).map((one) => ({ ...brief(one), isAdmin: one === ada, suspended: state.suspended.has(one), createdAt: earlier(9999) }))],
  ['PUT /api/admin/accounts/:handle/suspension', ({ params }) => { state.suspended.add(byHandle(params.handle)); }],
  ['DELETE /api/admin/accounts/:handle/suspension', ({ params }) => { state.suspended.delete(byHandle(params.handle)); }],
  // Only here: what an operator or a bad network would do.
  ['POST /api/mock/:id/:what', ({ params }) => { const one = find(broadcasts, params.id); for (const socket of one.sockets) { if (params.what === 'cut') { socket.tell({ type: 'cut' }); socket.close(4403); } else if (params.what === 'restart') socket.close(1012); else socket.tell({ type: 'state', state: params.what }); } }],
].map(([key, run]) => {
  const [method, path] = key.split(' ');
  return { method, path, pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), run };
});

function mute({ id: wanted, account }, muted) { for (const socket of find(broadcasts, wanted).sockets) if (socket.who?.id === account) { socket.muted = muted; socket.tell({ type: 'muted', muted }); } }
function goLive(one) {
  if (one.state !== 'ready') return;
  Object.assign(one, { state: 'live', startedAt: now() });
  for (const socket of one.sockets) { socket.tell({ type: 'state', state: 'live' }); socket.begin(); }
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json', '.m3u8': 'application/vnd.apple.mpegurl', '.m4s': 'video/mp4', '.mp4': 'video/mp4' };
function file(response, path, headers = {}) {
  if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404, headers).end();
  response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream', ...headers });
  createReadStream(path).pipe(response);
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (!url.pathname.startsWith('/api/')) {
    const path = join(dist, normalize(url.pathname));
    return file(response, existsSync(path) && statSync(path).isFile() ? path : join(dist, 'index.html'));
  }
  const send = (status, body, headers = {}) => response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers }).end(body === undefined ? undefined : JSON.stringify(body));
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const who = sessions.get(/weir=(\w+)/.exec(request.headers.cookie ?? '')?.[1]);
    const route = routes.find((one) => one.method === request.method && one.pattern.test(url.pathname));
    if (!route) fail(404, 'not-found');
    if (request.method !== 'GET' && request.headers['x-weir'] !== '1') fail(403, 'forbidden');
    if (!who && !(request.method === 'GET' && url.pathname.startsWith('/api/invitations/')) && !open.has(url.pathname) && !forAll(url.pathname)) fail(url.pathname.startsWith('/api/broadcasts/') ? 404 : 401, 'unauthorized');
    const headers = {};
    const reply = {
      sign(account) { const token = id(); sessions.set(token, account); headers['Set-Cookie'] = `weir=${token}; Path=/; HttpOnly; SameSite=Lax`; return { account: brief(account), token }; },
      signOut() { headers['Set-Cookie'] = 'weir=; Path=/; Max-Age=0'; },
    };
    const result = route.run({ who, body, params: route.pattern.exec(url.pathname).groups ?? {}, query: url.searchParams }, reply);
    send(result === undefined ? 204 : request.method === 'POST' ? 201 : 200, result, headers);
  } catch (reason) {
    send(reason.status ?? 500, { code: reason.code ?? 'unexpected' });
    if (!reason.status) console.error(reason);
  }
}).listen(port);

const source = new MediaSource(join(media, 'live'));
await makeReplay(join(media, 'replay'), 20);
const cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Methods': 'GET, DELETE', 'Cache-Control': 'no-store' };
const live = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const [, , wanted, what, ...rest] = url.pathname.split('/');
  const one = broadcasts.find((other) => other.id === wanted);
  if (request.method === 'OPTIONS') return response.writeHead(204, cors).end();
  if (!one) return response.writeHead(404, cors).end();
  if (request.method === 'DELETE') {
    one.said = one.said.filter((said) => said.id !== rest[0]);
    for (const socket of one.sockets) socket.tell({ type: 'deleted', id: rest[0] });
    return response.writeHead(204, cors).end();
  }
  if (what === 'events') return response.writeHead(200, { ...cors, 'Content-Type': 'application/json' }).end(JSON.stringify({ events: one.said, next: null }));
  const ended = one.state === 'ended';
  file(response, join(media, ended ? 'replay' : 'live', what === 'index.m3u8' ? 'live.m3u8' : what), cors);
});
live.listen(livePort);

new WebSocketServer({ server: live }).on('connection', (socket, request) => {
  const url = new URL(request.url, 'http://localhost');
  const one = broadcasts.find((other) => other.id === url.pathname.split('/')[2]);
  if (!one || one.state === 'ended') return socket.close(4404);
  socket.who = people.find((other) => other.handle === url.searchParams.get('ticket').split('-')[1]);
  socket.tell = (message) => socket.send(JSON.stringify(message));
  const you = { account: socket.who?.id ?? null, name: socket.who?.name ?? '', host: socket.who === one.host, mayComment: Boolean(socket.who) };
  const hello = () => socket.tell({ type: 'hello', mime: one.state === 'ready' ? null : mime, live: one.state !== 'ready', at: source.at, you, epoch: 1 });
  const fragment = (data) => socket.send(data);
  socket.begin = () => {
    hello();
    if (url.searchParams.get('media') === 'none') return;
    socket.send(source.init);
    for (const data of source.sinceKey) socket.send(data);
    source.listeners.add(fragment);
  };
  if (one.state === 'ready') hello();
  else socket.begin();
  for (const said of one.said.slice(-50)) socket.tell(said);
  one.sockets.add(socket);
  const count = () => { for (const other of one.sockets) other.tell({ type: 'viewers', count: one.sockets.size }); one.peakViewers = Math.max(one.peakViewers, one.sockets.size); };
  count();
  const clock = setInterval(() => {
    socket.tell({ type: 'clock', at: source.at, time: now() });
    if (you.host && one.state === 'live') socket.tell({ type: 'health', videoKbps: 812, audioKbps: 64, fps: 30, keyframeIntervalMs: 2000, gaps: 0, width: 640, height: 360, video: 'H.264', audio: 'AAC', encoder: 'Lavf59', warnings: process.env.MOCK_WARNINGS?.split(',') ?? [] });
  }, 2000);
  let sent = 0;
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (socket.muted) return socket.tell({ type: 'refused', clientId: message.clientId, reason: 'muted' });
    if (++sent > 5 && !you.host) { setTimeout(() => (sent = 0), 5000); return socket.tell({ type: 'refused', clientId: message.clientId, reason: 'rate', retryAfterMs: 5000 }); }
    const said = { type: 'comment', id: id(), clientId: message.clientId, account: you.account, name: you.name, host: you.host, text: message.text, at: message.at, time: now() };
    one.said.push(said);
    for (const other of one.sockets) other.tell(said);
  });
  socket.on('close', () => { clearInterval(clock); source.listeners.delete(fragment); one.sockets.delete(socket); count(); });
});

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { source.stop(); rmSync(media, { recursive: true, force: true }); process.exit(0); });
console.log(`Look at http://localhost:${port}`);
