// What a page of an article gains when scripts run: the theme chosen in the app, copying the link, and for the signed in like, follow and share.
(() => {
  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const theme = stored('weir.theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;

  const acts = document.querySelector('.acts');
  if (!acts) return;
  const { words, article, account } = acts.dataset;
  const say = JSON.parse(words);
  const add = (label, onPress) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'act';
    button.textContent = label;
    button.addEventListener('click', () => onPress(button));
    acts.append(button);
    return button;
  };
  const call = (method, path) => fetch(path, { method, headers: { 'X-Weir': '1', Accept: 'application/json' }, credentials: 'same-origin' });
  const toggle = (path, on, off, isOn) => {
    let state = isOn;
    const button = add('', async (pressed) => {
      pressed.disabled = true;
      try {
        const answer = await call(state ? 'DELETE' : 'PUT', path);
        if (answer.ok) state = !state;
      } catch { /* nothing changed */ }
      pressed.disabled = false;
      show();
    });
    const show = () => {
      button.textContent = state ? on : off;
      button.setAttribute('aria-pressed', String(state));
    };
    show();
  };

  if (article) {
    add(say.copy, async (button) => {
      try {
        await navigator.clipboard.writeText(document.querySelector('link[rel=canonical]').href);
        button.textContent = say.copied;
      } catch {
        prompt(say.copy, document.querySelector('link[rel=canonical]').href);
      }
    });
  }

  (async () => {
    const seen = await call('GET', `/api/official/${account}`);
    if (!seen.ok) return; // not signed in
    const official = await seen.json();
    if (article) {
      const answer = await call('GET', `/api/articles/${article}`);
      if (answer.ok) {
        const { card } = await answer.json();
        toggle(`/api/articles/${article}/like`, say.liked, say.like, card.liked);
      }
      const share = document.createElement('a');
      share.className = 'act';
      share.href = `/share/article/${article}`;
      share.textContent = say.share;
      acts.append(share);
      const report = document.createElement('a');
      report.className = 'act';
      report.href = `/report/article/${article}`;
      report.textContent = say.report;
      acts.append(report);
    }
    toggle(`/api/official/${account}/follow`, say.following, say.follow, official.following);
  })().catch(() => { /* the page reads well without */ });
})();
