import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatZonedTime } from './time.ts';

it('formatZonedTime() is on the clocks of the zone, in summer and in winter', () => {
  const at = (time: string, zone: string): string => formatZonedTime(Date.parse(time), zone);
  assert.equal(at('2026-07-01T00:00:00Z', 'Europe/Berlin'), '2026-07-01T02:00:00+02:00');
  assert.equal(at('2026-01-01T00:00:00Z', 'America/New_York'), '2025-12-31T19:00:00-05:00');
  assert.equal(at('2026-01-01T00:00:00Z', 'Asia/Kolkata'), '2026-01-01T05:30:00+05:30');
  assert.equal(at('2026-01-01T00:00:00Z', 'UTC'), '2026-01-01T00:00:00Z');
});
