// From the host ports in the kernel to those that one pod should have: the elements to delete and to add.
import type { Family } from '../../ip/address.ts';
import { hostPortKey, isSameHostPort } from './state.ts';
import type { HostPort, HostPortMap, HostPorts } from './state.ts';

export type ElementChange = {
  readonly verb: 'delete' | 'add';
  readonly family: Family;
  readonly map: HostPortMap | 'hairpins';
  /** The key, and for a map's element to add ` : value`. */
  readonly element: string;
};

export type HostPortDiff = {
  /** In an order in which one transaction can carry them. */
  readonly changes: readonly ElementChange[];
  readonly gone: readonly HostPort[];
  readonly fresh: readonly HostPort[];
};

/**
 * `addresses` are the pod's. O(host ports of the node). A port that another pod still has goes to this one: the scheduler gives a port away only
 * when its pod has ended, of which the kernel may hear later.
 */
export const diffHostPorts = (
  before: HostPorts,
  wanted: readonly HostPort[],
  addresses: ReadonlySet<string>,
): HostPortDiff => {
  const wantedByKey = new Map(wanted.map((port) => [hostPortKey(port), port]));
  const gone = [...before].flatMap(([key, port]) => {
    const next = wantedByKey.get(key);
    const isConcerned = next !== undefined || addresses.has(port.address);
    return isConcerned && !isSameHostPort(port, next) ? [port] : [];
  });
  const fresh = [...wantedByKey].flatMap(([key, port]) =>
    isSameHostPort(port, before.get(key)) ? [] : [port],
  );
  const after = afterDiff(before, { gone, fresh });
  const [pods, podsAfter] = [podsOf(before), podsOf(after)];
  return {
    changes: [
      ...gone.map((port) => portChange('delete', port)),
      ...hairpinChanges('delete', pods, podsAfter),
      ...hairpinChanges('add', podsAfter, pods),
      ...fresh.map((port) => portChange('add', port)),
    ],
    gone,
    fresh,
  };
};

/** The host ports when the change is made. */
export const afterDiff = (
  before: HostPorts,
  { gone, fresh }: Pick<HostPortDiff, 'gone' | 'fresh'>,
): HostPorts => {
  const after = new Map(before);
  for (const port of gone) after.delete(hostPortKey(port));
  for (const port of fresh) after.set(hostPortKey(port), port);
  return after;
};

const portChange = (
  verb: ElementChange['verb'],
  { family, map, match, address, port }: HostPort,
): ElementChange => ({
  verb,
  family,
  map,
  element: verb === 'add' ? `${match} : ${address} . ${port}` : match,
});

/** The pods that have a host port. */
const podsOf = (ports: HostPorts): ReadonlyMap<string, Family> =>
  new Map([...ports.values()].map(({ address, family }) => [address, family]));

/** For the pods of `these` that the others have not. */
const hairpinChanges = (
  verb: ElementChange['verb'],
  these: ReadonlyMap<string, Family>,
  others: ReadonlyMap<string, Family>,
): readonly ElementChange[] =>
  [...these]
    .filter(([address]) => !others.has(address))
    .map(([address, family]) => ({ verb, family, map: 'hairpins', element: `${address} . ${address}` }));
