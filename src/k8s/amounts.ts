// Resource lists to calculate with: `cpu`, `memory`, `pods` and so on, by their names.
import type { Quantity } from './generated/types.ts';
import { type ParsedQuantity, formatQuantity, parseQuantity } from './quantity.ts';

export type Amounts = ReadonlyMap<string, ParsedQuantity>;

/** What is no quantity counts as nothing: validation has refused it. */
export const amountsOf = (list: Readonly<Record<string, Quantity>> | undefined): Amounts =>
  new Map(
    Object.entries(list ?? {}).flatMap(([name, text]) => {
      const quantity = parseQuantity(text);
      return quantity ? [[name, quantity] as const] : [];
    }),
  );

export const count = (number: number): ParsedQuantity => ({
  nanos: BigInt(number) * 10n ** 9n,
  format: 'DecimalSI',
});

/** Of all names that any of them has. A sum is written as the first part of it that is not zero. */
export const sumOf = (...lists: readonly Amounts[]): Amounts => merged(lists, add);

/** The larger one of each name. */
export const largestOf = (...lists: readonly Amounts[]): Amounts =>
  merged(lists, (a, b) => (b.nanos > a.nanos ? b : a));

export const negated = (list: Amounts): Amounts =>
  new Map([...list].map(([name, { nanos, format }]) => [name, { nanos: -nanos, format }]));

/** As an object has them, canonical. */
export const resourceList = (list: Amounts): Record<string, string> =>
  Object.fromEntries([...list].map(([name, quantity]) => [name, formatQuantity(quantity)]));

const merged = (
  lists: readonly Amounts[],
  merge: (a: ParsedQuantity, b: ParsedQuantity) => ParsedQuantity,
): Amounts => {
  const result = new Map<string, ParsedQuantity>();
  for (const list of lists)
    for (const [name, quantity] of list) {
      const present = result.get(name);
      result.set(name, present ? merge(present, quantity) : quantity);
    }
  return result;
};

const add = (a: ParsedQuantity, b: ParsedQuantity): ParsedQuantity => ({
  nanos: a.nanos + b.nanos,
  format: a.nanos === 0n ? b.format : a.format,
});
