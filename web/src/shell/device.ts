/** What to call this device, until its owner says better; never a name that is there already. */
export function deviceName(agent: string, taken: string[]): string {
  const plain = /iPhone/.test(agent) ? 'iPhone' : /iPad/.test(agent) ? 'iPad' : /Android/.test(agent) ? 'Android' : /Mac OS X/.test(agent) ? 'Mac' : /Windows/.test(agent) ? 'Windows' : /CrOS/.test(agent) ? 'Chromebook' : /Linux/.test(agent) ? 'Linux' : 'Passkey';
  let name = plain;
  for (let number = 2; taken.includes(name); number++) name = `${plain} ${number}`;
  return name;
}

/**
 * A browser and a system out of a user agent, for people: "Chrome, Android". Programs that are no browser keep what they call themselves;
 * empty where they do not say.
 */
export function clientName(agent: string): string {
  const browser = [['Edg', 'Edge'], ['OPR', 'Opera'], ['SamsungBrowser', 'Samsung Internet'], ['Firefox', 'Firefox'], ['FxiOS', 'Firefox'], ['CriOS', 'Chrome'], ['Chrome', 'Chrome'], ['Safari', 'Safari']].find(([mark]) => agent.includes(`${mark}/`))?.[1];
  return browser ? `${browser}, ${deviceName(agent, []).replace('Passkey', '?')}`.replace(', ?', '') : agent.trim().slice(0, 60);
}
