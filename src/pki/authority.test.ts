import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { connect, createServer } from 'node:tls';
import { createAuthority, openAuthority } from './authority.ts';

describe('createAuthority()', () => {
  it('issues certificates that name user, groups and addresses', async () => {
    const authority = await createAuthority('podnet-ca');
    const pair = await authority.issue({
      commonName: 'system:node:a',
      organizations: ['system:nodes'],
      dnsNames: ['a'],
      ipAddresses: ['10.0.0.1', 'fd00::1'],
      usage: 'both',
    });
    const certificate = new X509Certificate(pair.certificate);
    assert.equal(certificate.subject, 'O=system:nodes\nCN=system:node:a');
    assert.equal(certificate.subjectAltName, 'DNS:a, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1');
    assert.ok(certificate.checkIssued(new X509Certificate(authority.certificate)));
    assert.ok(new X509Certificate(authority.certificate).ca && !certificate.ca);
  });

  it('issues what TLS accepts in both directions', async () => {
    const authority = await createAuthority('podnet-ca');
    const [server, client] = await Promise.all([
      authority.issue({ commonName: 'server', ipAddresses: ['127.0.0.1'], usage: 'server' }),
      authority.issue({ commonName: 'admin', organizations: ['system:masters'], usage: 'client' }),
    ]);
    const listener = createServer(
      {
        cert: server.certificate,
        key: server.key,
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => socket.end(String(socket.getPeerCertificate().subject.O)),
    );
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const socket = connect({
      host: '127.0.0.1',
      port: (listener.address() as AddressInfo).port,
      ca: authority.certificate,
      cert: client.certificate,
      key: client.key,
    });
    const [said] = await once(socket, 'data');
    assert.equal(String(said), 'system:masters');
    socket.destroy();
    listener.close();
  });
});

describe('openAuthority()', () => {
  it('goes on issuing for those who trust the authority', async () => {
    const { certificate, key } = await createAuthority('podnet-ca');
    const opened = await openAuthority({ certificate, key });
    assert.equal(opened.certificate, certificate);
    const leaf = new X509Certificate((await opened.issue({ commonName: 'a', usage: 'client' })).certificate);
    const issuer = new X509Certificate(certificate);
    assert.ok(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey));
  });
});
