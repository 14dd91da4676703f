// What a state folder says of its cluster: the plan and the keys that must be the same whenever it is started. Certificates
// are issued anew at each start, so that they do not expire.
import type { ClusterConfig, LiveConnections, ProxyBackEnd } from '../embedded/cluster-config.ts';
import { dealtZones } from '../embedded/cluster-config.ts';
import { createState, readCluster } from '../state/state.ts';
import type { LastingKeys } from './cluster-keys.ts';
import { UserError } from './output.ts';

export type KeptCluster = { readonly config: ClusterConfig; readonly keys: LastingKeys };

/** What the user has said about a cluster; undefined where nothing. */
export type ClusterFlags = {
  readonly name: string;
  readonly nodes?: number | undefined;
  readonly zones?: readonly string[] | undefined;
  readonly proxy?: ProxyBackEnd | undefined;
  readonly loadBalancerPools?: readonly string[] | undefined;
  readonly nodePortAddresses?: readonly string[] | undefined;
  readonly policyLiveConnections?: LiveConnections | undefined;
};

/** Makes the state. Throws StateError unless the folder is new or empty. */
export const keepCluster = (folder: string, cluster: KeptCluster): void =>
  createState(folder, JSON.stringify(cluster));

/** Undefined if the folder holds no state yet. Throws StateError for one that cannot be used. */
export const readKeptCluster = (folder: string): KeptCluster | undefined => {
  const text = readCluster(folder);
  return text === undefined ? undefined : parseKeptCluster(text);
};

/** A state that is older than a flag has what the flag's default is. */
export const parseKeptCluster = (text: string): KeptCluster => {
  const kept = JSON.parse(text) as KeptCluster;
  return { ...kept, config: { ...DEFAULTS, ...kept.config } };
};

const DEFAULTS = { policyLiveConnections: 'cut' } as const satisfies Partial<ClusterConfig>;

/** Throws UserError for a flag that says something else than the state: its objects were made for that. */
export const checkFlags = (folder: string, { config }: KeptCluster, flags: ClusterFlags): void => {
  if (flags.name !== config.name)
    throw new UserError(
      `${folder} holds the state of cluster "${config.name}": give '--name ${config.name}', or another folder`,
    );
  for (const [flag, kept, given] of comparable(config, flags))
    if (given !== undefined && given.join() !== kept.join())
      throw new UserError(
        `${flag} ${given.join()}: the cluster of ${folder} has ${kept.join() || 'none'}, which cannot be changed. Leave the flag out, or choose another folder`,
      );
};

type Comparable = readonly [flag: string, kept: readonly unknown[], given: readonly unknown[] | undefined];

const comparable = (config: ClusterConfig, flags: ClusterFlags): readonly Comparable[] => [
  ['--nodes', [config.nodes.length], flags.nodes === undefined ? undefined : [flags.nodes]],
  [
    '--zones',
    config.nodes.map(({ zone }) => zone),
    flags.zones && dealtZones(flags.zones, config.nodes.length),
  ],
  ['--proxy', [config.proxy], flags.proxy && [flags.proxy]],
  ['--load-balancer-pool', config.loadBalancerPools, flags.loadBalancerPools],
  ['--nodeport-addresses', config.nodePortAddresses, flags.nodePortAddresses],
  [
    '--policy-live-connections',
    [config.policyLiveConnections],
    flags.policyLiveConnections && [flags.policyLiveConnections],
  ],
];
