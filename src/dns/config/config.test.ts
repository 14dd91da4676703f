import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ForwardZone } from '../forward/forward-zone.ts';
import { parseCorefile } from './corefile.ts';
import { selectDns } from './select.ts';
import type { Selected } from './select.ts';
import { zoneOf } from './zone-name.ts';

/** What kubeadm 1.36 installs. */
const KUBEADM = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

const select = (text: string): Selected => {
  const parsed = parseCorefile(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.reason);
  const hostServers = [{ address: '192.0.2.53', port: 53 }];
  return selectDns(parsed.blocks, { domain: 'cluster.local', hostServers });
};

const line = ({ zone, upstreams, policy, except, maxFails }: ForwardZone): string =>
  [
    `${zone || '.'} -> ${upstreams.map(({ address, port, transport = 'udp' }) => `${transport} ${address} ${port}`).join(', ')}`,
    policy,
    `max_fails ${maxFails}`,
    ...(except.length > 0 ? [`except ${except.join(' ')}`] : []),
  ].join('; ');

const zones = (text: string): string[] => select(text).config.forward.zones.map(line);

describe('parseCorefile()', () => {
  it('reads blocks in blocks, comments and quotes', () => {
    const parsed = parseCorefile('a b { # here\n  x "1 2" 3\n  y {\n    z\n  }\n}\n\nc {\n}');
    const bare = (
      directives: readonly { name: string; args: readonly string[]; block: readonly never[] }[],
    ): unknown =>
      directives.map(({ name, args, block }) => [name, ...args, ...(block.length > 0 ? [bare(block)] : [])]);
    assert.ok(parsed.ok);
    assert.deepEqual(bare(parsed.blocks as never), [
      [
        'a',
        'b',
        [
          ['x', '1 2', '3'],
          ['y', [['z']]],
        ],
      ],
      ['c'],
    ]);
  });

  it('says what is wrong, and where', () => {
    const reason = (text: string): string => {
      const parsed = parseCorefile(text);
      return parsed.ok ? '' : parsed.reason;
    };
    assert.equal(reason('a {\n b\n'), "the end comes before a '}'");
    assert.equal(reason('a {\n}\n}'), "line 3: '}' closes nothing");
    assert.equal(reason('a {\n b { c }\n}'), "line 2: '{' ends a line, and '}' has its own");
    assert.equal(reason('{\n}'), "line 1: '{' belongs to nothing");
  });

  it('throws for no text', () => {
    const words = fc.constantFrom('{', '}', '\n', 'a', '"', '#', '.', 'forward', ' ');
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => void parseCorefile(parts.join(' '))),
    );
  });
});

describe('selectDns()', () => {
  it("understands kubeadm's Corefile, all of it", () => {
    const { config, warnings } = select(KUBEADM);
    assert.deepEqual(warnings, []);
    assert.deepEqual(config.forward.zones.map(line), ['. -> udp 192.0.2.53 53; random; max_fails 2']);
    assert.deepEqual(
      [config.pods, config.ttlSeconds, config.forward.pendingMax, config.forward.cache],
      [
        'insecure',
        30,
        1000,
        { positiveSecondsMax: 30, negativeSecondsMax: 30, staleSecondsMax: 0, prefetchHits: 0 },
      ],
    );
  });

  it('has stub domains, with the options of forward', () => {
    const text = `corp.example:53, 10.0.0.0/8 {
      forward . 10.1.2.3 [fd00::53]:5353 {
        policy round_robin
        max_fails 5
        force_tcp
        except public.corp.example
      }
    }
    . {
      forward lab.example 10.1.2.4:54
      forward . 192.0.2.1
    }`;
    const stub = 'tcp 10.1.2.3 53, tcp fd00::53 5353; round_robin; max_fails 5; except public.corp.example';
    assert.deepEqual(zones(text), [
      `corp.example -> ${stub}`,
      `10.in-addr.arpa -> ${stub}`,
      'lab.example -> udp 10.1.2.4 54; random; max_fails 2',
      '. -> udp 192.0.2.1 53; random; max_fails 2',
    ]);
  });

  it('has the options of cache', () => {
    const cache = (...lines: string[]) => select(['. {', ...lines, '}'].join('\n')).config.forward.cache;
    assert.deepEqual(cache('cache {', 'serve_stale 1h immediate', 'prefetch 5 1m', 'success 5000 60', '}'), {
      positiveSecondsMax: 60,
      negativeSecondsMax: 1800,
      staleSecondsMax: 3600,
      prefetchHits: 5,
    });
    assert.equal(cache().positiveSecondsMax, 0, 'no cache without the plugin');
  });

  it('says what it leaves out, and goes on', () => {
    const { config, warnings } = select(`. {
      rewrite name a b
      forward . tls://9.9.9.9 192.0.2.1 {
        policy best
      }
      kubernetes other.zone {
        pods maybe
        ttl 9999
      }
    }
    web.example:8053 {
    }`);
    assert.deepEqual(config.forward.zones.map(line), ['. -> udp 192.0.2.1 53; random; max_fails 2']);
    assert.deepEqual(warnings, [
      'line 2: plugin "rewrite" is not supported',
      'line 4: option policy best of plugin forward is not supported',
      'line 3: "tls://9.9.9.9" is no address: DNS over TLS and HTTPS are not supported',
      'line 11: "web.example:8053" is no zone on port 53',
      "line 6: the cluster's zone is cluster.local",
      'line 7: option pods maybe of plugin kubernetes is not supported',
      'line 8: option ttl 9999 of plugin kubernetes is not supported',
    ]);
  });
});

describe('zoneOf()', () => {
  it('is a name in lower case, or the reverse of a range', () => {
    const cases: [string, string | undefined][] = [
      ['.', ''],
      ['.:53', ''],
      ['dns://Example.ORG.:53', 'example.org'],
      ['10.1.0.0/16', '1.10.in-addr.arpa'],
      ['fd00:10::/32', '0.1.0.0.0.0.d.f.ip6.arpa'],
      ['10.1.0.0/17', undefined],
      ['example.org:54', undefined],
      ['a..b', undefined],
      ['', undefined],
    ];
    for (const [label, zone] of cases) assert.equal(zoneOf(label), zone, label);
  });
});
