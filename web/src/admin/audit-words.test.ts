import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('localStorage', { getItem: () => 'en', setItem: () => {} });
const { auditWords } = await import('./audit-words');

describe('what an audit entry adds', () => {
  it('is said in words', () => {
    expect(auditWords('message, harassment, 2 reported it')).toBe('Message · Insults or harassment · 2 reports');
    expect(auditWords('moment, report 0123456789abcdef0123456789abcdef')).toBe('Moment · after a report');
    expect(auditWords('on, named: anna ben')).toBe('on · only some · anna ben');
    expect(auditWords('everyone')).toBe('everyone');
  });

  it('stays as it is where it is no such word', () => {
    expect(auditWords('something new')).toBe('something new');
    expect(auditWords('')).toBe('');
  });
});
