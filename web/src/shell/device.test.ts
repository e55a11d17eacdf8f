import { expect, it } from 'vitest';
import { clientName, deviceName } from './device';

const pixel = 'Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';
const phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

it('names a device by its system, and the second of its kind by its number', () => {
  expect(deviceName(phone, [])).toBe('iPhone');
  expect(deviceName(pixel, ['Android', 'Android 2'])).toBe('Android 3');
});

it('says browser and system instead of a line that nobody reads', () => {
  expect(clientName(pixel)).toBe('Chrome, Android');
  expect(clientName(phone)).toBe('Safari, iPhone');
  expect(clientName('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0')).toBe('Edge, Windows');
  expect(clientName('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox, Linux');
  expect(clientName('curl/8.5.0')).toBe('curl/8.5.0');
  expect(clientName(' ')).toBe('');
});
