import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAddress } from '../ip/address.ts';
import { decodeSocket, encodeUdpDestruction, encodeUdpQuery } from './socket-diag.ts';

// what Linux 6.18 says of a UDP socket 127.0.0.1:5000 -> 127.0.0.1:53
const dumped =
  '02010000138800357f0000010000000000000000000000007f000001000000000000000000000000000000009c130000' +
  '00000000000000000000000000000000000000007b17000500080000000000';

describe('decodeSocket()', () => {
  it('reads peer and cookie, which a destruction gives back as they are', () => {
    const socket = decodeSocket(Buffer.from(dumped, 'hex'))!;
    assert.equal(`${formatAddress(socket.peer)} ${socket.peerPort}`, '127.0.0.1 53');
    assert.equal(Buffer.from(socket.cookie).toString('hex'), '9c13000000000000');
    const destruction = Buffer.from(encodeUdpDestruction(socket)).toString('hex');
    assert.equal(destruction.slice(16), dumped.slice(8, 104));
  });

  it('takes no part of a socket for one', () => {
    assert.equal(decodeSocket(Buffer.from(dumped, 'hex').subarray(0, 51)), undefined);
  });
});

describe('encodeUdpQuery()', () => {
  it('asks for connected UDP sockets', () => {
    assert.match(Buffer.from(encodeUdpQuery(6)).toString('hex'), /^0a1100000200000000+$/);
  });
});
