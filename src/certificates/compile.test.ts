import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ParsedRequest } from '../pki/certificate-request.ts';
import { compileSigning } from './compile.ts';

const CLIENT = 'kubernetes.io/kube-apiserver-client';
const NODE = 'kubernetes.io/kube-apiserver-client-kubelet';
const SERVING = 'kubernetes.io/kubelet-serving';

const parsed = (more: Partial<ParsedRequest> = {}): ParsedRequest => ({
  commonName: 'system:node:a',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emails: [],
  uris: [],
  ...more,
});

const plan = (
  signerName: string,
  usages: readonly string[],
  request = parsed(),
  { types = ['Approved'], expirationSeconds }: { types?: readonly string[]; expirationSeconds?: number } = {},
): string => {
  const conditions = types.map((type) => ({ type, status: 'True' }));
  const spec = { request: '', signerName, usages, ...(expirationSeconds && { expirationSeconds }) };
  const made = compileSigning({ spec, status: { conditions } }, () => request);
  if (made.kind === 'sign') return `sign for ${made.lifetimeMs / 1000} s`;
  return made.kind === 'refuse' ? made.message : made.kind;
};

const YEAR = 'sign for 31536000 s';
const CLIENT_USAGES = ['client auth', 'digital signature'];
const SERVER_USAGES = ['server auth', 'digital signature', 'key encipherment'];

describe('compileSigning()', () => {
  for (const [what, made, wanted] of [
    ['signs for clients', plan(CLIENT, CLIENT_USAGES), YEAR],
    [
      'signs for as long as asked',
      plan(CLIENT, CLIENT_USAGES, parsed(), { expirationSeconds: 3600 }),
      'sign for 3600 s',
    ],
    ['signs for a year at most', plan(CLIENT, CLIENT_USAGES, parsed(), { expirationSeconds: 1e9 }), YEAR],
    ['waits for the approval', plan(CLIENT, CLIENT_USAGES, parsed(), { types: [] }), 'nothing'],
    [
      'signs nothing that failed',
      plan(CLIENT, CLIENT_USAGES, parsed(), { types: ['Approved', 'Failed'] }),
      'nothing',
    ],
    ['leaves other signers alone', plan('example.com/signer', CLIENT_USAGES), 'nothing'],
    [
      'wants clients to be clients',
      plan(CLIENT, ['digital signature']),
      'missing required usage for client certificate: client auth',
    ],
    [
      'lets clients be nothing else',
      plan(CLIENT, ['client auth', 'server auth']),
      'invalid usage for client certificate: server auth',
    ],
    ['signs for nodes', plan(NODE, CLIENT_USAGES), YEAR],
    [
      'wants nodes among the nodes',
      plan(NODE, CLIENT_USAGES, parsed({ organizations: ['x'] })),
      'subject organization is not system:nodes',
    ],
    [
      'wants nodes to be named so',
      plan(NODE, CLIENT_USAGES, parsed({ commonName: 'x' })),
      'subject common name does not begin with system:node:',
    ],
    [
      'gives node clients no names',
      plan(NODE, CLIENT_USAGES, parsed({ dnsNames: ['x'] })),
      'DNS subjectAltNames are not allowed',
    ],
    ['signs for serving nodes', plan(SERVING, SERVER_USAGES, parsed({ ipAddresses: ['10.0.0.1'] })), YEAR],
    [
      'wants serving nodes to have a name',
      plan(SERVING, SERVER_USAGES),
      'DNS or IP subjectAltName is required',
    ],
    [
      'lets serving nodes only serve',
      plan(SERVING, CLIENT_USAGES, parsed({ dnsNames: ['x'] })),
      'usages did not match [digital signature key encipherment server auth]',
    ],
  ] as const)
    it(what, () => assert.equal(made, wanted));
});
