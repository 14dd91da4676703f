// Signs certificate requests with the cluster's authority (kubernetes pkg/controller/certificates/authority/policies.go).
// Loads @peculiar/x509: 0.1 s and 25 MB, so import this file when there is something to sign.
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
  cryptoProvider,
} from '@peculiar/x509';

export type SigningRequest = {
  /** PKCS #10 in PEM. */
  readonly pem: string;
  /** Names of certificates.k8s.io/v1: `client auth`. */
  readonly usages: readonly string[];
  readonly lifetimeMs: number;
  readonly nowMs: number;
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const BACKDATE_MS = 5 * 60_000;
/** A certificate of less lasts as long as was asked for; a longer one ends as much earlier as it begins. */
const SHORT_MS = 8 * 3_600_000;

cryptoProvider.set(webcrypto as never);

/** The certificate in PEM: subject and names as requested, no other extensions. `authority` in PEM, its key PKCS #8. */
export const signRequest = async (
  authority: { readonly certificate: string; readonly key: string },
  { pem, usages, lifetimeMs, nowMs }: SigningRequest,
): Promise<string> => {
  const request = new Pkcs10CertificateRequest(pem);
  const issuer = new X509Certificate(authority.certificate);
  const endMs = nowMs + lifetimeMs - (lifetimeMs < SHORT_MS ? 0 : BACKDATE_MS);
  const certificate = await X509CertificateGenerator.create({
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(Math.min(endMs, issuer.notAfter.getTime())),
    issuer: issuer.subjectName,
    subject: request.subjectName,
    publicKey: request.publicKey,
    signingKey: (await signingKey(authority.key)) as never,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      ...keyUsages(usages),
      new ExtendedKeyUsageExtension(usages.flatMap((usage) => EXTENDED.get(usage) ?? [])),
      ...request.extensions.filter((each) => each instanceof SubjectAlternativeNameExtension),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return `${certificate.toString('pem')}\n`;
};

const signingKey = (pem: string): Promise<webcrypto.CryptoKey> => {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
};

/** Those that the signers of the cluster allow. */
const EXTENDED = new Map<string, string>([
  ['client auth', ExtendedKeyUsage.clientAuth],
  ['server auth', ExtendedKeyUsage.serverAuth],
]);
const FLAGS = new Map<string, number>([
  ['digital signature', KeyUsageFlags.digitalSignature],
  ['key encipherment', KeyUsageFlags.keyEncipherment],
]);

/** RFC 5280 4.2.1.3: where the extension is, at least one bit is set. */
const keyUsages = (usages: readonly string[]): readonly KeyUsagesExtension[] => {
  const flags = usages.reduce((all, usage) => all | (FLAGS.get(usage) ?? 0), 0);
  return flags === 0 ? [] : [new KeyUsagesExtension(flags, true)];
};
