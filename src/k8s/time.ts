// metav1.Time and metav1.MicroTime: RFC 3339 in UTC, with no fraction, or with six digits.

/** metav1.Time: `2026-01-01T00:00:00Z`. */
export const formatTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** metav1.MicroTime: `2026-01-01T00:00:00.000000Z`. */
export const formatMicroTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

/** Milliseconds since the epoch; NaN for an absent or unreadable time. */
export const parseTime = (time: string | undefined): number => (time === undefined ? NaN : Date.parse(time));
