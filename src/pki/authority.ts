// The cluster's certificate authority: short X.509 certificates on P-256 keys, by @peculiar/x509.
// Loading that library takes about 0.1 s and 25 MB, so only short-lived programs import this file.
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  cryptoProvider,
} from '@peculiar/x509';

/** A certificate and its private key (PKCS #8), both PEM. */
export type KeyPair = { readonly certificate: string; readonly key: string };

export type CertificateRequest = {
  /** CN: the user name of a client. */
  readonly commonName: string;
  /** O: the groups of a client. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usage: 'server' | 'client' | 'both';
};

export type Authority = KeyPair & { readonly issue: (request: CertificateRequest) => Promise<KeyPair> };

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;
const LIFETIME_DAYS = { authority: 3650, leaf: 365 } as const;

cryptoProvider.set(webcrypto as never);

/** Makes a new authority with a key of its own. */
export const createAuthority = async (commonName: string): Promise<Authority> => {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(LIFETIME_DAYS.authority),
    name: [{ CN: [commonName] }],
    keys: keys as never,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(
        KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature,
        true,
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  });
  return {
    certificate: pemOf(certificate),
    key: await privatePem(keys.privateKey),
    issue: (request) => issue(certificate, keys.privateKey, request),
  };
};

/** One that createAuthority() has made, to issue more. */
export const openAuthority = async (pair: KeyPair): Promise<Authority> => {
  const certificate = new X509Certificate(pair.certificate);
  const der = createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'der' });
  const key = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
  return { ...pair, issue: (request) => issue(certificate, key, request) };
};

const issue = async (
  issuer: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  request: CertificateRequest,
): Promise<KeyPair> => {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    ...validity(LIFETIME_DAYS.leaf),
    issuer: issuer.subject,
    subject: [...(request.organizations ?? []).map((o) => ({ O: [o] })), { CN: [request.commonName] }],
    publicKey: keys.publicKey as never,
    signingKey: signingKey as never,
    signingAlgorithm: ALGORITHM,
    extensions: [...extensionsOf(request), await AuthorityKeyIdentifierExtension.create(issuer)],
  });
  return { certificate: pemOf(certificate), key: await privatePem(keys.privateKey) };
};

const extensionsOf = ({ dnsNames = [], ipAddresses = [], usage }: CertificateRequest): Extension[] => {
  const usages = {
    server: [ExtendedKeyUsage.serverAuth],
    client: [ExtendedKeyUsage.clientAuth],
    both: [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth],
  };
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usages[usage]),
    ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
  ];
};

/** From a day ago, so that clocks that lag a little still accept it. */
const validity = (days: number): { readonly notBefore: Date; readonly notAfter: Date } => ({
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + days * DAY_MS),
});

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`;

const privatePem = async (key: webcrypto.CryptoKey): Promise<string> => {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
};
