// What `podnet up` and the cluster's process say to each other over the child process's IPC channel.
import type { ClusterConfig } from './cluster-config.ts';

export type PemPair = { readonly certificate: string; readonly key: string };

/** All certificates and keys of one cluster: made by `up`, kept in memory by the cluster's process. */
export type ClusterKeys = {
  readonly ca: string;
  /** Signs what CertificateSigningRequests ask for. */
  readonly caKey: string;
  readonly apiServer: PemPair;
  /** As whom the API server calls the node agents. */
  readonly kubeletClient: PemPair;
  /** Signs ServiceAccount tokens. */
  readonly tokens: { readonly privateKey: string; readonly publicKey: string };
  /** By node name; serves and connects. */
  readonly nodes: Readonly<Record<string, PemPair>>;
};

export type StartMessage = {
  readonly kind: 'start';
  readonly config: ClusterConfig;
  readonly keys: ClusterKeys;
  /** The file for audit events. */
  readonly auditLog: string | undefined;
  /** The folder of the cluster's state; in memory only without it. */
  readonly stateFolder: string | undefined;
};

export type ClusterMessage =
  | { readonly kind: 'step'; readonly title: string; readonly tookMs: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string };
