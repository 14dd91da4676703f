// Tables as kubectl prints them: no borders, three spaces between columns.

/** A row's cells in the order of `columns`; an empty cell prints as `<none>`. */
export const renderTable = (columns: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = [columns, ...rows.map((row) => row.map((cell) => (cell === '' ? '<none>' : cell)))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => (row[index] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index]!))
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
};

/** An age as kubectl writes it: 45s, 12m, 3h, 5d. */
export const renderAge = (sinceMs: number, nowMs: number): string => {
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
};
