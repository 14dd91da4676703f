// How much a synchronous or asynchronous piece of code does with arrays, as a number that is the same on every machine: the
// items that are looked at, not the time that it takes.

type Method = (this: readonly unknown[], ...args: unknown[]) => unknown;
type Methods = Record<string | symbol, Method>;

/** They look at all items, or stop early and are taken for ones that do not. */
const WHOLE = ['includes', 'indexOf', 'lastIndexOf', 'slice', 'concat', 'join', 'shift', 'unshift', 'splice'];
/** They call a function for each item that they look at. */
const CALLING = [
  'some',
  'every',
  'find',
  'findIndex',
  'findLast',
  'filter',
  'map',
  'flatMap',
  'forEach',
  'reduce',
];

/** The items that arrays' methods and spreads look at while `work` runs. Nothing else may run meanwhile. */
export const arrayWork = async (work: () => Promise<unknown>): Promise<number> => {
  let items = 0;
  const prototype = Array.prototype as unknown as Methods;
  const originals = new Map<string | symbol, Method>();
  const replace = (name: string | symbol, by: (original: Method) => Method): void => {
    const original = prototype[name]!;
    originals.set(name, original);
    Object.defineProperty(prototype, name, { value: by(original), writable: true, configurable: true });
  };
  for (const name of [...WHOLE, Symbol.iterator])
    replace(
      name,
      (original) =>
        function (...args) {
          items += this.length;
          return Reflect.apply(original, this, args);
        },
    );
  for (const name of CALLING)
    replace(
      name,
      (original) =>
        function (visit, ...args) {
          const counted = (...each: unknown[]): unknown => {
            items++;
            return (visit as (...each: unknown[]) => unknown)(...each);
          };
          return Reflect.apply(original, this, [counted, ...args]);
        },
    );
  try {
    await work();
    return items;
  } finally {
    for (const [name, value] of originals)
      Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
};
