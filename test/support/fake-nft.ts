// The elements of the service tables in memory, as strict as the kernel: what is deleted must be there, what is added
// must not, and a transaction is done whole or not at all. Rules are not looked at: the kernel tests do that.
import { KernelError } from '../../src/kernel/kernel-error.ts';
import type { Nft } from '../../src/kernel/nft.ts';
import { masqueradeOf } from '../../src/services/endpoint-ids.ts';
import { OUTSIDE_SLOT } from '../../src/services/layout.ts';
import { shapeOfCode } from '../../src/services/shape.ts';
import { toText } from '../../src/services/state.ts';
import type { Action, Entry, EntryMap } from '../../src/services/state.ts';
import { commandsOfChanges } from './element-commands.ts';

export type FakeNft = Nft & {
  /** The transactions so far. */
  readonly runs: readonly string[];
  /** What packets would meet, as toText prints entries; throws if a slot or an endpoint is missing or left over. */
  readonly text: () => string;
  /** From now on transactions whose text matches fail with the code, EINVAL unless it is named. */
  readonly failOn: (pattern: RegExp, code?: string) => void;
};

type Maps = ReadonlyMap<string, ReadonlyMap<string, string>>;

export const createFakeNft = (): FakeNft => {
  const runs: string[] = [];
  let maps: Maps = new Map();
  let hasTables = false;
  let failing: { readonly pattern: RegExp; readonly code: string } | undefined;
  const run = (commands: string): void => {
    runs.push(commands);
    if (failing?.pattern.test(commands)) throw new KernelError(failing.code, 'nft: refused');
    maps = commands.split('\n').reduce(applyLine, maps);
    hasTables ||= commands.includes('add table');
  };
  return {
    runs,
    run,
    change: (changes) => run(commandsOfChanges(changes)),
    query: () => [],
    tables: () => (hasTables ? ['ip podnet-services', 'ip6 podnet-services'] : []),
    structure: () => '',
    packets: () => 0,
    close: () => {},
    text: () => toText(entriesOf(maps)),
    failOn: (pattern, code = 'EINVAL') => (failing = { pattern, code }),
  };
};

const applyLine = (maps: Maps, line: string): Maps => {
  const match = /^(add|delete) element (ip6?) podnet-services (\S+) \{ (.*) \}$/.exec(line);
  if (!match || /-cidrs$|^shapes$/.test(match[3]!)) return maps;
  const [, verb, family, name, elements] = match;
  const map = new Map(maps.get(`${family} ${name}`));
  for (const element of elements!.split(', ')) {
    const [key, value = ''] = element.split(' : ');
    if (map.has(key!) === (verb === 'add')) throw new KernelError(verb === 'add' ? 'EEXIST' : 'ENOENT', line);
    if (verb === 'add') map.set(key!, value);
    else map.delete(key!);
  }
  return new Map(maps).set(`${family} ${name}`, map);
};

const entriesOf = (maps: Maps): readonly Entry[] =>
  (['ip', 'ip6'] as const).flatMap((family) => {
    const get = (name: string): ReadonlyMap<string, string> => maps.get(`${family} ${name}`) ?? new Map();
    const used = new Set<string>();
    const entries = (['services', 'outside-services', 'cluster-ips'] as const).flatMap((map) =>
      [...get(map)].map(([match, code]) => ({
        map,
        family: family === 'ip' ? (4 as const) : (6 as const),
        match,
        action: actionOf(map, match, code, get, used),
        ...(map === 'services' ? limitOf(match, get) : {}),
      })),
    );
    const left = [...get('endpoints').keys(), ...get('slots').values()].filter((id) => !used.has(id));
    if (left.length > 0 || get('slots').size !== used.size) throw new Error(`left over: ${left.join()}`);
    return entries;
  });

const limitOf = (
  match: string,
  get: (name: string) => ReadonlyMap<string, string>,
): Pick<Entry, 'allowed'> => {
  const ranges = [...get('source-ranges').keys()].filter((key) => key.startsWith(`${match} . `));
  if (ranges.length > 0 !== get('limited-services').has(match)) throw new Error(`${match}: limit not whole`);
  return ranges.length > 0 ? { allowed: ranges.map((key) => key.split(' . ')[3]!).sort() } : {};
};

const actionOf = (
  map: EntryMap,
  match: string,
  code: string,
  get: (name: string) => ReadonlyMap<string, string>,
  used: Set<string>,
): Action => {
  const shape = shapeOfCode(Number(code))!;
  if (shape.kind !== 'balance') return shape;
  const ids = Array.from({ length: shape.count }, (_, index) => {
    const id = get('slots').get(`${match} . ${index + (map === 'outside-services' ? OUTSIDE_SLOT : 0)}`);
    if (id === undefined || !get('endpoints').has(id))
      throw new Error(`${match}: no slot ${index}, or no endpoint`);
    used.add(id);
    return id;
  });
  return {
    kind: 'balance',
    targets: ids
      .map((id) => ({ at: get('endpoints').get(id)!, isLocal: false }))
      .sort((a, b) => (a.at < b.at ? -1 : 1)),
    masquerade: masqueradeOf(Number(ids[0]))!,
    stickySeconds: shape.stickySeconds,
  };
};
