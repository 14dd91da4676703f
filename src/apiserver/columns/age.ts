// Ages as kubectl shows them (k8s.io/apimachinery/pkg/util/duration.HumanDuration).

/** Two or three significant figures: `45s`, `3m20s`, `5h`, `2d4h`, `1y30d`. */
export const humanDuration = (durationMs: number): string => {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>'; // clocks may differ by a second, not by more
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  return longDuration(Math.floor(minutes / 60), minutes % 60);
};

const longDuration = (hours: number, minutes: number): string => {
  if (hours < 8) return pair(hours, 'h', minutes, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
};

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;

/** The time since `timestamp`, `<unknown>` where there is none. */
export const ageOf = (timestamp: string | undefined, nowMs: number): string =>
  timestamp ? humanDuration(nowMs - Date.parse(timestamp)) : '<unknown>';
