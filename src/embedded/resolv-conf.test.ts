import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseResolvConf } from './resolv-conf.ts';

describe('parseResolvConf()', () => {
  it('reads nameservers and the last search line, and leaves out what a node cannot reach', () => {
    const text = `# comment
nameserver 127.0.0.53
nameserver 192.0.2.1
nameserver 2001:db8::1
domain old.example
search a.example  b.example .
options ndots:1
`;
    assert.deepEqual(parseResolvConf(text), {
      nameservers: ['192.0.2.1', '2001:db8::1'],
      searches: ['a.example', 'b.example'],
    });
  });
});
