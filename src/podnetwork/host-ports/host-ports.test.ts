import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAddress } from '../../ip/address.ts';
import type { PortMapping } from '../../runtime/runtime.ts';
import { compileHostPorts } from './compile.ts';
import { afterDiff, diffHostPorts } from './diff.ts';
import { selectHostPorts } from './select.ts';
import { hostPortKey, toText } from './state.ts';
import type { HostPort, HostPorts } from './state.ts';

const pod = (...addresses: readonly string[]) => addresses.map((text) => parseAddress(text)!);

const compile = (mappings: readonly Partial<PortMapping>[], ...addresses: readonly string[]): string =>
  toText(
    compileHostPorts(
      selectHostPorts(
        mappings.map((each) => ({ protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '', ...each })),
      ),
      pod(...addresses),
    ),
  );

describe('compileHostPorts()', () => {
  const both = ['10.244.0.5', 'fd00::5'] as const;

  it('every address is of every family that the pod has', () => {
    assert.equal(compile([{}], ...both), 'tcp . 8080 -> 10.244.0.5 . 80\ntcp . 8080 -> fd00::5 . 80');
    assert.equal(compile([{}], both[1]), 'tcp . 8080 -> fd00::5 . 80');
  });

  it('an address of one family, all of one family, and the same port for two protocols', () => {
    assert.equal(
      compile([{ hostIp: '172.30.0.11' }, { hostIp: '::', protocol: 'UDP' }], ...both),
      'tcp . 172.30.0.11 . 8080 -> 10.244.0.5 . 80\nudp . 8080 -> fd00::5 . 80',
    );
    assert.equal(compile([{ hostIp: '0.0.0.0' }], ...both), 'tcp . 8080 -> 10.244.0.5 . 80');
  });

  it('nothing for what cannot be a packet’s', () => {
    assert.equal(
      compile([{ hostPort: 0 }, { hostPort: 65_536 }, { hostIp: 'x' }, { containerPort: -1 }], ...both),
      '',
    );
  });
});

const portOf = (n: number, address: string): HostPort => ({
  family: 4,
  map: 'ports',
  match: `tcp . ${n}`,
  address,
  port: 80,
});
const portsOf = (ports: readonly HostPort[]): HostPorts =>
  new Map(ports.map((port) => [hostPortKey(port), port]));

describe('diffHostPorts()', () => {
  const arbitraryPorts = fc
    .array(fc.record({ n: fc.integer({ min: 1, max: 6 }), pod: fc.integer({ min: 1, max: 3 }) }))
    .map((list) => portsOf(list.map(({ n, pod: each }) => portOf(n, `10.0.0.${each}`))));

  it('gives the pod what it asks for, takes away what it no longer asks for, leaves the others', () => {
    fc.assert(
      fc.property(arbitraryPorts, fc.uniqueArray(fc.integer({ min: 1, max: 6 })), (before, wanted) => {
        const own = wanted.map((n) => portOf(n, '10.0.0.1'));
        const after = afterDiff(before, diffHostPorts(before, own, new Set(['10.0.0.1'])));
        const others = [...before.values()].filter(({ address }) => address !== '10.0.0.1');
        assert.equal(toText(after.values()), toText(portsOf([...others, ...own]).values()));
        assert.deepEqual(diffHostPorts(after, own, new Set(['10.0.0.1'])).changes, []);
      }),
    );
  });

  it('has a hairpin element for each pod with a port, and deletes a key before it adds it', () => {
    const before = portsOf([portOf(1, '10.0.0.1')]);
    const { changes } = diffHostPorts(before, [portOf(1, '10.0.0.2')], new Set(['10.0.0.2']));
    assert.deepEqual(
      changes.map(({ verb, map, element }) => `${verb} ${map} ${element}`),
      [
        'delete ports tcp . 1',
        'delete hairpins 10.0.0.1 . 10.0.0.1',
        'add hairpins 10.0.0.2 . 10.0.0.2',
        'add ports tcp . 1 : 10.0.0.2 . 80',
      ],
    );
  });
});
