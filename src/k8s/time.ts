// metav1.Time and metav1.MicroTime: RFC 3339 in UTC, with no fraction, or with six digits.

/** metav1.Time: `2026-01-01T00:00:00Z`. */
export const formatTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** metav1.MicroTime: `2026-01-01T00:00:00.000000Z`. */
export const formatMicroTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

/** RFC 1123: `Thu, 01 Jan 2026 00:00:00 +0000`. */
export const formatMailTime = (ms: number): string => new Date(ms).toUTCString().replace('GMT', '+0000');

/** Milliseconds since the epoch; NaN for an absent or unreadable time. */
export const parseTime = (time: string | undefined): number => (time === undefined ? NaN : Date.parse(time));

/** RFC 3339 on the clocks of a time zone (an IANA name): `2026-07-01T02:00:00+02:00`, and `Z` where that is UTC. */
export const formatZonedTime = (ms: number, timeZone: string): string => {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [offset, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  if (offset === undefined) return formatTime(ms);
  const offsetMs = Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return formatTime(ms + offsetMs).replace('Z', offsetMs === 0 ? 'Z' : offset);
};
