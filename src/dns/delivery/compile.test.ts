import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deliveryCommands } from './compile.ts';

const serviceAddresses = ['10.96.0.10', 'fd00:10:96::a'];

describe('deliveryCommands()', () => {
  it('keeps queries out of conntrack where a socket is, and sends them to the others where none is', () => {
    const others = ['172.30.0.12', '172.30.0.13', 'fd00:172:30::c'];
    assert.equal(
      deliveryCommands({ serviceAddresses, others }),
      `
add table inet podnet-dns
delete table inet podnet-dns
table inet podnet-dns {
  chain here {
    type filter hook prerouting priority raw; policy accept;
    ip daddr { 10.96.0.10 } meta l4proto { tcp, udp } th dport 53 socket transparent 0 notrack
    ip6 daddr { fd00:10:96::a } meta l4proto { tcp, udp } th dport 53 socket transparent 0 notrack
  }
  chain answers {
    type filter hook output priority raw; policy accept;
    ip saddr { 10.96.0.10 } meta l4proto { tcp, udp } th sport 53 notrack
    ip6 saddr { fd00:10:96::a } meta l4proto { tcp, udp } th sport 53 notrack
    ip daddr { 10.96.0.10 } meta l4proto { tcp, udp } th dport 53 notrack
    ip6 daddr { fd00:10:96::a } meta l4proto { tcp, udp } th dport 53 notrack
  }
  chain elsewhere {
    type nat hook prerouting priority dstnat - 10; policy accept;
    ip daddr { 10.96.0.10 } meta l4proto { tcp, udp } th dport 53 dnat ip to numgen random mod 2 map { 0 : 172.30.0.12, 1 : 172.30.0.13 }
    ip6 daddr { fd00:10:96::a } meta l4proto { tcp, udp } th dport 53 dnat ip6 to numgen random mod 1 map { 0 : fd00:172:30::c }
  }
}
`,
    );
  });

  it('sends nothing elsewhere on the only node', () => {
    assert.doesNotMatch(deliveryCommands({ serviceAddresses, others: [] }), /dnat ip/);
  });
});
