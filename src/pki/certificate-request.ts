// Reads PKCS #10 certificate requests (RFC 2986), by @peculiar/x509. That library takes 0.1 s and 25 MB to load, so it is
// loaded when the first request is read.
import { createPublicKey, verify } from 'node:crypto';
import { createRequire } from 'node:module';

type Library = typeof import('@peculiar/x509');

export type ParsedRequest = {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
};

const BLOCK = /-----BEGIN ([^-]+)-----[\s\S]+?-----END \1-----/;

/** Throws Error in the words of Go's library where it can: what is no request, or not signed by its own key. */
export const parseCertificateRequest = (pem: string): ParsedRequest => {
  if (BLOCK.exec(pem)?.[1] !== 'CERTIFICATE REQUEST')
    throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const library = load();
  const request = new library.Pkcs10CertificateRequest(BLOCK.exec(pem)![0]);
  checkSignature(request);
  const subject = new library.Name(request.subject);
  const names = [...request.extensions].flatMap((each) =>
    each instanceof library.SubjectAlternativeNameExtension ? each.names.items : [],
  );
  const of = (type: string): readonly string[] =>
    names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName: subject.getField('CN')[0] ?? '',
    organizations: subject.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emails: of('email'),
    uris: of('url'),
  };
};

const load = (): Library => {
  const load = createRequire(import.meta.url);
  load('reflect-metadata');
  return load('@peculiar/x509') as Library;
};

type Request = InstanceType<Library['Pkcs10CertificateRequest']>;

const HASHES: Readonly<Record<string, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Ed25519 has no hash of its own. */
const checkSignature = ({ publicKey, signature, signatureAlgorithm, rawData }: Request): void => {
  const key = createPublicKey({ key: Buffer.from(publicKey.rawData), format: 'der', type: 'spki' });
  const { hash } = signatureAlgorithm as { readonly hash?: { readonly name: string } };
  const isSigned = verify(
    hash ? (HASHES[hash.name] ?? hash.name) : null,
    signedPart(Buffer.from(rawData)),
    key,
    Buffer.from(signature),
  );
  if (!isSigned) throw new Error('x509: certificate request signature does not match its public key');
};

/** `SEQUENCE { info, algorithm, signature }`: the first element, whole (X.690 8.1). The library has parsed it all before. */
const signedPart = (der: Buffer): Buffer => {
  const start = contentStart(der, 0);
  return der.subarray(start, contentStart(der, start) + contentLength(der, start));
};

/** Lengths up to 127 are one byte; of longer ones the first byte says how many follow. */
const contentStart = (der: Buffer, at: number): number => {
  const first = der[at + 1]!;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
};

const contentLength = (der: Buffer, at: number): number => {
  const first = der[at + 1]!;
  return first < 0x80 ? first : der.readUIntBE(at + 2, first & 0x7f);
};
