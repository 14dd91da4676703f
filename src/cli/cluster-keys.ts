// Makes the certificates and keys of a cluster.
import { generateKeyPairSync } from 'node:crypto';
import type { ClusterConfig } from '../embedded/cluster-config.ts';
import type { ClusterKeys } from '../embedded/messages.ts';
import { type KeyPair, createAuthority, openAuthority } from '../pki/authority.ts';

/** Those that stay when a cluster is started again: clients trust the one, and hold what the other has signed. */
export type LastingKeys = { readonly authority: KeyPair; readonly tokens: ClusterKeys['tokens'] };

export const createLastingKeys = async (name: string): Promise<LastingKeys> => {
  const { certificate, key } = await createAuthority(`podnet-${name}-ca`);
  return { authority: { certificate, key }, tokens: tokenKeys() };
};

/** The administrator's certificate is in the group system:masters, as kubeadm's is. */
export const createClusterKeys = async (
  config: ClusterConfig,
  { authority: pair, tokens }: LastingKeys,
): Promise<{ readonly keys: ClusterKeys; readonly admin: KeyPair }> => {
  const authority = await openAuthority(pair);
  const { domain } = config;
  const [apiServer, kubeletClient, admin, ...nodePairs] = await Promise.all([
    authority.issue({
      commonName: 'kube-apiserver',
      dnsNames: [
        'localhost',
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        `kubernetes.default.svc.${domain}`,
      ],
      ipAddresses: ['127.0.0.1', '::1', ...config.hostAddresses, ...config.apiServiceIps],
      usage: 'server',
    }),
    authority.issue({
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
      usage: 'client',
    }),
    authority.issue({ commonName: 'kubernetes-admin', organizations: ['system:masters'], usage: 'client' }),
    ...config.nodes.map((node) =>
      authority.issue({
        commonName: `system:node:${node.name}`,
        organizations: ['system:nodes'],
        dnsNames: [node.name],
        ipAddresses: node.addresses,
        usage: 'both',
      }),
    ),
  ]);
  const nodes = Object.fromEntries(config.nodes.map((node, index) => [node.name, nodePairs[index]!]));
  const { certificate: ca, key: caKey } = authority;
  return { keys: { ca, caKey, apiServer, kubeletClient, tokens, nodes }, admin };
};

const tokenKeys = (): ClusterKeys['tokens'] =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
