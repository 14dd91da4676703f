// Where would a packet land? Walks the text of our own nftables commands, as the kernel would walk the rules, and follows
// every random choice. It understands only the forms that we emit and throws on any other: so it is a check of those too.
import { parseAddress } from '../../src/ip/address.ts';
import { parsePrefix, prefixContains } from '../../src/ip/prefix.ts';

export type Packet = {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
};

/** What is known besides the rules. */
export type TracerNode = { readonly addresses: readonly string[] };

/** `10.244.0.5:8080`, with ` masqueraded`; `reject`, `drop`, or `untouched`. */
export type Landing = string;

type Table = {
  readonly sets: ReadonlyMap<string, Map<string, string>>;
  readonly chains: ReadonlyMap<string, string[]>;
};

/** One way of a packet through the rules so far. */
type Way = { readonly packet: Packet; readonly mark: number | undefined };
type Step =
  | { readonly kind: 'next'; readonly ways: readonly Way[] }
  | { readonly kind: 'goto'; readonly chain: string; readonly way: Way }
  | { readonly kind: 'end'; readonly landing: Landing; readonly way: Way };

/** The tables that these transactions make, one after the other. */
export const createTracer = (transactions: readonly string[], node: TracerNode) => {
  const tables = new Map<string, Table>();
  for (const line of transactions.flatMap((text) => text.split('\n'))) applyCommand(tables, line);
  return {
    /** All places where it may land, sorted, each once. */
    trace: (packet: Packet): readonly Landing[] => {
      const family = packet.to.includes(':') ? 'ip6' : 'ip';
      const table = tables.get(family);
      if (!table) throw new Error(`no table ${family}`);
      const landings = new Walk(table, family, node).run('prerouting', { packet, mark: undefined });
      return [...new Set(landings)].sort();
    },
  };
};

const applyCommand = (tables: Map<string, Table>, line: string): void => {
  const [, verb, kind, family, name = '', rest = ''] =
    /^(add|delete|flush) (table|map|set|chain|rule|element) (ip6?) podnet-services ?(\S*) ?(.*)$/.exec(
      line,
    ) ?? unknown('command', line);
  if (kind === 'table') {
    if (verb === 'delete') tables.delete(family!);
    else if (!tables.has(family!)) tables.set(family!, { sets: new Map(), chains: new Map() });
    return;
  }
  const table = tables.get(family!)!;
  const sets = table.sets as Map<string, Map<string, string>>;
  const chains = table.chains as Map<string, string[]>;
  switch (`${verb} ${kind}`) {
    case 'add map':
    case 'add set':
      return void (sets.has(name) || sets.set(name, new Map()));
    case 'flush set':
      return sets.get(name)!.clear();
    case 'add chain':
      return void (chains.has(name) || chains.set(name, []));
    case 'flush chain':
      return void (chains.get(name)!.length = 0);
    case 'delete chain':
      return void chains.delete(name);
    case 'add rule':
      return void chains.get(name)!.push(rest);
    case 'add element':
    case 'delete element':
      return changeElements(sets.get(name)!, verb!, rest);
    default:
      return unknown('command', line);
  }
};

const changeElements = (set: Map<string, string>, verb: string, text: string): void => {
  for (const element of /^\{ (.*) \}$/.exec(text)![1]!.split(', ')) {
    const [key, value = ''] = element.split(' : ');
    if (verb === 'add') set.set(key!, value);
    else if (!set.delete(key!)) throw new Error(`${key} is not there`);
  }
};

const unknown = (what: string, text: string): never => {
  throw new Error(`${what} of a form that the tracer does not know: ${text}`);
};

class Walk {
  readonly #table: Table;
  readonly #family: 'ip' | 'ip6';
  readonly #node: TracerNode;

  constructor(table: Table, family: 'ip' | 'ip6', node: TracerNode) {
    this.#table = table;
    this.#family = family;
    this.#node = node;
  }

  run(chain: string, way: Way): readonly Landing[] {
    const rules = this.#table.chains.get(chain) ?? unknown('chain', chain);
    let ways: readonly Way[] = [way];
    const landings: Landing[] = [];
    for (const rule of rules) {
      const steps = ways.flatMap((each) => this.#rule(rule, each));
      ways = steps.flatMap((step) => (step.kind === 'next' ? step.ways : []));
      for (const step of steps) {
        if (step.kind === 'goto') landings.push(...this.run(step.chain, step.way));
        if (step.kind === 'end') landings.push(step.landing);
      }
    }
    // the end of a base chain, or of one that was gone to: the packet goes on as it is
    return [...landings, ...ways.map(() => 'untouched')];
  }

  /** Statement by statement; one that does not match sends the way to the next rule as it is then. */
  #rule(rule: string, way: Way): readonly Step[] {
    let ways: readonly Way[] = [way];
    const steps: Step[] = [];
    for (let rest = rule; rest !== '';) {
      const statement = STATEMENTS.find(({ form }) => form.test(rest)) ?? unknown('rule', rest);
      const match = statement.form.exec(rest)!;
      rest = rest.slice(match[0].length).trimStart();
      const outcomes = ways.flatMap((each) => statement.run(this, match, each));
      steps.push(...outcomes.filter((outcome) => outcome.kind !== 'match'));
      ways = outcomes.flatMap((outcome) => (outcome.kind === 'match' ? [outcome.way] : []));
    }
    return [...steps, { kind: 'next', ways }];
  }

  set(name: string): ReadonlyMap<string, string> {
    return this.#table.sets.get(name) ?? unknown('set', name);
  }

  isWithin(address: string, set: string): boolean {
    return [...this.set(set).keys()].some((prefix) => contains(prefix, address));
  }

  isLocal(address: string): boolean {
    return this.#node.addresses.includes(address);
  }

  /** `meta l4proto . ip daddr . th dport` and so on as an element's key. */
  key(expression: string, { packet, mark }: Way): string {
    const { from, to, port, protocol } = packet;
    const fields: Readonly<Record<string, string>> = {
      'meta l4proto': protocol,
      [`${this.#family} saddr`]: from,
      [`${this.#family} daddr`]: to,
      'th dport': `${port}`,
      'ct mark': `${mark}`,
    };
    return expression
      .split(' . ')
      .map((field) => fields[field] ?? unknown('field', field))
      .join(' . ');
  }

  /** What postrouting does to a packet that was translated. */
  landing({ packet, mark = 0 }: Way): Landing {
    const { from, to, port } = packet;
    const place = to.includes(':') ? `[${to}]:${port}` : `${to}:${port}`;
    const [, mask = '', verdicts = ''] =
      /^ct mark & (\d+) vmap \{ (.*) \}$/.exec(this.#table.chains.get('postrouting')![2]!) ??
      unknown('rule', 'postrouting');
    const bits = Number(BigInt(mark) & BigInt(mask));
    const chain = new Map(verdicts.split(', ').map((each) => each.split(' : goto ') as [string, string])).get(
      `${bits}`,
    );
    const isHidden =
      this.set('hairpins').has(`${mark} . ${from}`) ||
      chain === 'masquerade-all' ||
      (chain === 'masquerade-outsiders' && !this.isWithin(from, 'pod-cidrs'));
    return `${place}${isHidden ? ' masqueraded' : ''}`;
  }
}

const contains = (prefix: string, address: string): boolean =>
  prefixContains(parsePrefix(prefix)!, parseAddress(address)!);

type Outcome = { readonly kind: 'match'; readonly way: Way } | Step;
type Statement = {
  readonly form: RegExp;
  readonly run: (walk: Walk, match: RegExpExecArray, way: Way) => readonly Outcome[];
};

const next = (way: Way): readonly Outcome[] => [{ kind: 'next', ways: [way] }];
const when = (holds: boolean, way: Way): readonly Outcome[] => (holds ? [{ kind: 'match', way }] : next(way));
const end = (landing: Landing, way: Way): readonly Outcome[] => [{ kind: 'end', landing, way }];
const setMark = (value: string | undefined, way: Way): readonly Outcome[] =>
  value === undefined ? next(way) : [{ kind: 'match', way: { ...way, mark: Number(value) } }];

const verdict = (text: string, way: Way): readonly Outcome[] =>
  text.startsWith('goto ') ? [{ kind: 'goto', chain: text.slice(5), way }] : end(text, way);

/** A new client is in no affinity: these rules do nothing for it. */
const AFFINITY =
  /^(ct mark set .* map @affinity|ct mark \. .* @sticky-endpoints .*|(update|delete) @affinity \{ .* \})$/;

/** The longest forms first. */
const STATEMENTS: readonly Statement[] = [
  { form: AFFINITY, run: (_, __, way) => next(way) },
  {
    form: /^meta l4proto \{ tcp, udp, sctp \} dnat ip6? to ct mark map @endpoints$/,
    run: (walk, _, way) => {
      const at = walk.set('endpoints').get(`${way.mark}`);
      if (at === undefined) return next(way);
      const [to, port] = at.split(' . ');
      return end(walk.landing({ ...way, packet: { ...way.packet, to: to!, port: Number(port) } }), way);
    },
  },
  {
    // every number that may come up
    form: /^ct mark set (.*) \. (?:numgen random|jhash ip6? saddr) mod (\d+)(?: seed \d+)?(?: offset (\d+))? map @slots/,
    run: (walk, [, key, count, offset = '0'], way) =>
      Array.from({ length: Number(count) }, (_, index) =>
        setMark(walk.set('slots').get(`${walk.key(key!, way)} . ${Number(offset) + index}`), way),
      ).flat(),
  },
  {
    form: /^(\S+ l4proto \. \S+ daddr \. th dport) @limited-services \1 \. (\S+ saddr) != @source-ranges/,
    run: (walk, [, front], way) => {
      const key = walk.key(front!, way);
      if (!walk.set('limited-services').has(key)) return next(way);
      const ranges = [...walk.set('source-ranges').keys()].filter((range) => range.startsWith(`${key} . `));
      return when(!ranges.some((range) => contains(range.split(' . ')[3]!, way.packet.from)), way);
    },
  },
  {
    form: /^ct mark set (.*?) map @(services|outside-services|cluster-ips)/,
    run: (walk, [, key, name], way) => setMark(walk.set(name!).get(walk.key(key!, way)), way),
  },
  { form: /^ct mark set 0/, run: (_, __, way) => setMark('0', way) },
  {
    form: /^ct mark vmap @shapes/,
    run: (walk, _, way) => {
      const text = walk.set('shapes').get(`${way.mark}`);
      return text === undefined ? next(way) : verdict(text, way);
    },
  },
  {
    form: /^ip6? (s|d)addr (!= )?@(pod-cidrs|service-cidrs)/,
    run: (walk, [, side, not, set], way) =>
      when(walk.isWithin(side === 's' ? way.packet.from : way.packet.to, set!) !== Boolean(not), way),
  },
  { form: /^fib saddr type != local/, run: (walk, _, way) => when(!walk.isLocal(way.packet.from), way) },
  { form: /^meta l4proto tcp/, run: (_, __, way) => when(way.packet.protocol === 'tcp', way) },
  { form: /^reject with \S+ \S+/, run: (_, __, way) => end('reject', way) },
  { form: /^drop/, run: (_, __, way) => end('drop', way) },
  { form: /^goto (\S+)/, run: (_, [, chain], way) => [{ kind: 'goto', chain: chain!, way }] },
];
