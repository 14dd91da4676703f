import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTimeZone, parseCronSchedule } from './cron-schedule.ts';

const next = (text: string, after: string, timeZone?: string): string | undefined => {
  const parsed = parseCronSchedule(text, timeZone);
  assert.ok(parsed.ok, text);
  const ms = parsed.schedule.nextMs(Date.parse(after));
  return ms === undefined ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z');
};

describe('parseCronSchedule()', () => {
  const table: readonly [string, string, string | undefined][] = [
    ['* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    ['*/15 * * * *', '2026-01-01T00:16:00Z', '2026-01-01T00:30:00Z'],
    ['3/20 * * * *', '2026-01-01T00:24:00Z', '2026-01-01T00:43:00Z'],
    ['0 9-17 * * MON-FRI', '2026-01-02T17:30:00Z', '2026-01-05T09:00:00Z'],
    ['0 0 1 jan *', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['0 0 1 * 1', '2026-01-01T00:00:00Z', '2026-01-05T00:00:00Z'], // either day counts
    ['0 0 30 2 *', '2026-01-01T00:00:00Z', undefined],
    ['@hourly', '2026-01-01T00:30:00Z', '2026-01-01T01:00:00Z'],
    ['@every 90s', '2026-01-01T00:00:30Z', '2026-01-01T00:02:00Z'],
  ];
  for (const [text, after, expected] of table)
    it(`${text} after ${after}`, () => assert.equal(next(text, after), expected));

  it('counts in the time zone, over the change to summer time', () => {
    assert.equal(next('30 12 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin'), '2026-03-29T10:30:00Z');
    assert.equal(next('30 12 * * *', '2026-03-28T00:00:00Z', 'Europe/Berlin'), '2026-03-28T11:30:00Z');
  });

  it('leaves out a time of day that the change to summer time leaves out', () => {
    assert.equal(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin'), '2026-03-30T00:30:00Z');
  });

  const wrong: readonly [string, string][] = [
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['* * L * *', 'failed to parse int from L'],
    ['@reboot', 'unrecognized descriptor: @reboot'],
    ['@Daily', 'unrecognized descriptor: @Daily'],
    ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
  ];
  for (const [text, reason] of wrong)
    it(`refuses ${text}`, () => assert.deepEqual(parseCronSchedule(text), { ok: false, reason }));
});

describe('isTimeZone()', () => {
  it('knows the names of the IANA data base', () => {
    assert.deepEqual(['Europe/Berlin', 'Etc/UTC', 'Mars/Base'].map(isTimeZone), [true, true, false]);
  });
});
