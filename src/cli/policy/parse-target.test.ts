import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAddress } from '../../ip/address.ts';
import { parseEnd, parseTarget } from './parse-target.ts';
import type { End } from './parse-target.ts';

const endText = (end: End): string =>
  end.kind === 'address' ? formatAddress(end.address) : `${end.kind} ${end.namespace}/${end.name}`;

describe('parseTarget()', () => {
  it('reads who, which port and which protocol', () => {
    const table: [string, string][] = [
      ['web', 'pod shop/web - -'],
      ['web:80', 'pod shop/web 80 -'],
      ['web:http/udp', 'pod shop/web http UDP'],
      ['web/ICMP', 'pod shop/web - ICMP'],
      ['bank/web:80/tcp', 'pod bank/web 80 TCP'],
      ['pod/web', 'pod shop/web - -'],
      ['svc/web:80', 'service shop/web 80 -'],
      ['deploy/bank/web:80', 'workload bank/web 80 -'],
      ['service/bank/web', 'service bank/web - -'],
      ['node/node-1:10250', 'node shop/node-1 10250 -'],
      ['10.1.0.1', '10.1.0.1 - -'],
      ['10.1.0.1:53/UDP', '10.1.0.1 53 UDP'],
      ['fd01::1', 'fd01::1 - -'],
      ['[fd01::1]:80/sctp', 'fd01::1 80 SCTP'],
      ['fd01::1/tcp', 'fd01::1 - TCP'],
    ];
    for (const [text, expected] of table) {
      const { end, port = '-', protocol = '-' } = parseTarget(text, 'shop');
      assert.equal(`${endText(end)} ${port} ${protocol}`, expected, text);
    }
  });

  it('refuses what it cannot read', () => {
    for (const text of [
      '',
      'a/b/c/d',
      'Web',
      'web:',
      'web:0',
      'web:70000',
      'web:80/icmp',
      'web:-x',
      'svc/',
      'a:b:c',
    ])
      assert.throws(() => parseTarget(text, 'shop'), { name: 'UserError' }, text);
    assert.throws(() => parseEnd('web:80', 'shop'), { name: 'UserError' });
  });
});
