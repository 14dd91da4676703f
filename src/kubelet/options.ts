// What a kubelet is given: see startKubelet() in kubelet.ts.
import type { ApiClient } from '../client/client.ts';
import type { Informer } from '../informer/informer.ts';
import type { Pod, Service } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import type { Family } from '../metrics/family.ts';
import type { PodRuntime } from '../runtime/runtime.ts';
import type { MemoryFiles } from './volumes/empty-dir.ts';

export type KubeletNode = {
  readonly name: string;
  readonly zone: string | undefined;
  /** InternalIPs, the first family first. */
  readonly addresses: readonly string[];
  readonly podCidrs: readonly string[];
};

export type KubeletCluster = {
  readonly name: string;
  readonly domain: string;
  readonly dnsServiceIps: readonly string[];
};

export type KubeletServerOptions = {
  readonly port: number;
  readonly addresses: readonly string[];
  /** Signs the certificates of those who may call: PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
};

/**
 * What else the node tells, under `/NAME`: text as it comes, until the signal. Undefined for a query that makes no sense.
 */
export type NodePages = Readonly<
  Record<string, (query: URLSearchParams, signal: AbortSignal) => AsyncIterable<string> | undefined>
>;

export type KubeletOptions = {
  readonly client: ApiClient;
  readonly runtime: PodRuntime;
  readonly node: KubeletNode;
  readonly cluster: KubeletCluster;
  /** The pods of this node only. */
  readonly pods: Informer<Pod>;
  /** All Services, for the environment variables. */
  readonly services: Informer<Service>;
  readonly stateFolder: string;
  readonly logFolder: string;
  readonly hostResolvConf: { readonly nameservers: readonly string[]; readonly searches: readonly string[] };
  readonly memoryFiles: MemoryFiles;
  readonly server: KubeletServerOptions;
  /** What /metrics shows; the kubelet's own alone without it. */
  readonly metrics?: readonly Family[];
  readonly pages?: NodePages;
  readonly clock: Clock;
  readonly log: Log;
};
