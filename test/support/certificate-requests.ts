// Certificate requests as clients make them.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  cryptoProvider,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as never);

const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
} as const;

/** PEM. `name`: `CN=jane,O=team`. */
export const certificateRequestOf = async (
  name: string,
  { dnsNames = [], key = 'ec' }: { readonly dnsNames?: readonly string[]; readonly key?: 'ec' | 'rsa' } = {},
): Promise<string> => {
  const algorithm = ALGORITHMS[key];
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = dnsNames.map((value) => ({ type: 'dns' as const, value }));
  const request = await Pkcs10CertificateRequestGenerator.create({
    name,
    keys: keys as never,
    signingAlgorithm: algorithm,
    extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [],
  });
  return `${request.toString('pem')}\n`;
};
