// What a change of policies opens and closes, as rows for people.
import type { AccessChange, AccessDiff } from './diff.ts';
import { portSetText } from './port-set.ts';

/** Columns: what happens, from whom, to whom, on which ports. */
export type DiffRow = readonly ['opens' | 'closes', string, string, string];

/** What closes comes first: that is what breaks something. */
export const diffRows = ({ parties, changes }: AccessDiff): readonly DiffRow[] =>
  (['closes', 'opens'] as const).flatMap((effect) =>
    changes
      .filter((change) => change[effect].length > 0)
      .map((change): DiffRow => [
        effect,
        whoText(change.from, change.to, parties),
        whoText(change.to, change.from, parties),
        `${portSetText(change[effect])}${change.family ? ` (IPv${change.family})` : ''}`,
      ]),
  );

/** How many names a cell has before it only counts. */
const NAMES = 5;

const whoText = (
  names: AccessChange['from'],
  otherEnd: AccessChange['to'],
  parties: AccessDiff['parties'],
): string => {
  const rest = parties.filter((party) => !names.includes(party));
  if (rest.length === 0) return 'everyone';
  if (names.length > otherEnd.length && rest.every((party) => otherEnd.includes(party)))
    return 'everyone else';
  if (rest.length <= 2 && names.length > NAMES) return `everyone but ${rest.join(', ')}`;
  if (names.length <= NAMES) return names.join(', ');
  return `${names.slice(0, NAMES).join(', ')} and ${names.length - NAMES} more`;
};
