import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { certificateRequestOf } from '../../test/support/certificate-requests.ts';
import { createAuthority } from './authority.ts';
import { parseCertificateRequest } from './certificate-request.ts';
import { signRequest } from './sign-request.ts';

describe('parseCertificateRequest()', () => {
  for (const key of ['ec', 'rsa'] as const)
    it(`reads subject and names, signed by a key of the kind ${key}`, async () => {
      const pem = await certificateRequestOf('CN=jane,O=a,O=b', { dnsNames: ['x.example.com'], key });
      const { commonName, organizations, dnsNames, ipAddresses } = parseCertificateRequest(pem);
      assert.deepEqual(
        [commonName, organizations, dnsNames, ipAddresses],
        ['jane', ['a', 'b'], ['x.example.com'], []],
      );
    });

  it('refuses what its own key has not signed', async () => {
    const der = Buffer.from(
      (await certificateRequestOf('CN=jane')).split('\n').slice(1, -2).join(''),
      'base64',
    );
    der[der.indexOf('jane')] = 'J'.charCodeAt(0);
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    assert.throws(() => parseCertificateRequest(pem), /signature does not match/);
  });

  for (const text of ['', 'hello', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseCertificateRequest(text), /PEM block type must be CERTIFICATE REQUEST/);
    });

  it('throws for bytes that are none', () => {
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from('30820102', 'hex').toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    assert.throws(() => parseCertificateRequest(pem));
  });
});

describe('signRequest()', () => {
  it('gives the subject and names a certificate of the authority for the time asked', async () => {
    const authority = await createAuthority('test-ca');
    const pem = await certificateRequestOf('CN=jane,O=team', { dnsNames: ['x.example.com'] });
    const nowMs = Date.now();
    const signed = await signRequest(authority, {
      pem,
      usages: ['client auth', 'digital signature'],
      lifetimeMs: 3_600_000,
      nowMs,
    });
    const certificate = new X509Certificate(signed);
    assert.equal(certificate.subject, 'CN=jane\nO=team');
    assert.equal(certificate.subjectAltName, 'DNS:x.example.com');
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
    assert.ok(certificate.checkIssued(new X509Certificate(authority.certificate)) && !certificate.ca);
    assert.equal(Math.round((Date.parse(certificate.validTo) - nowMs) / 60_000), 60);
  });
});
