// podnet status: what one cluster consists of and whether it is ready.
import { contextName } from './kubeconfig.ts';
import { connectTo, runningCluster, serverOf } from './cluster-client.ts';
import { print, requireRoot } from './output.ts';
import { type ClusterSnapshot, readSnapshot, renderSnapshot, unready } from './summary.ts';
import type { ClusterRecord } from '../embedded/cluster-files.ts';

/** Exit code 0 when everything is ready, 1 when something is not. */
export const status = async (name: string, output: 'table' | 'json'): Promise<number> => {
  requireRoot('status');
  const record = runningCluster(name);
  const client = connectTo(record);
  try {
    const snapshot = await readSnapshot(client);
    const missing = unready(snapshot);
    print(
      output === 'json'
        ? JSON.stringify(statusObject(record, snapshot, missing), null, 2)
        : statusText(record, snapshot, missing),
    );
    return missing.length === 0 ? 0 : 1;
  } finally {
    client.close();
  }
};

const statusText = (record: ClusterRecord, snapshot: ClusterSnapshot, missing: readonly string[]): string =>
  [
    `cluster "${record.config.name}": ${serverOf(record)}, context ${contextName(record.config.name)}, process ${record.pid}`,
    `state: ${record.stateFolder ?? 'in memory only'}`,
    missing.length === 0 ? 'everything is ready\n' : `not ready:\n  ${missing.join('\n  ')}\n`,
    renderSnapshot(snapshot),
  ].join('\n');

const statusObject = (
  record: ClusterRecord,
  snapshot: ClusterSnapshot,
  missing: readonly string[],
): object => ({
  apiVersion: 'podnet.dev/v1alpha1',
  kind: 'ClusterStatus',
  name: record.config.name,
  server: serverOf(record),
  context: contextName(record.config.name),
  pid: record.pid,
  stateFolder: record.stateFolder ?? null,
  ready: missing.length === 0,
  notReady: missing,
  networks: {
    underlay: record.config.underlayCidrs,
    pods: record.config.podCidrs,
    services: record.config.serviceCidrs,
  },
  nodes: snapshot.nodes.map(({ metadata, status: nodeStatus }) => ({
    name: metadata.name,
    addresses: nodeStatus?.addresses ?? [],
  })),
  pods: snapshot.pods.length,
  services: snapshot.services.length,
});
