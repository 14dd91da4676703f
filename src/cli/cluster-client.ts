// The CLI's own way to a running cluster's API.
import { type HttpClient, createHttpClient } from '../client/http-client.ts';
import { type ClusterRecord, clusterNames, readRecord } from '../embedded/cluster-files.ts';
import { isAlive } from '../kernel/process-id.ts';
import { systemClock } from '../lang/clock.ts';
import { createLog } from '../lang/log.ts';
import { UserError } from './output.ts';

export const serverOf = (record: ClusterRecord): string => `https://127.0.0.1:${record.config.apiPort}`;

export const connectTo = (record: ClusterRecord): HttpClient =>
  createHttpClient({
    server: serverOf(record),
    ca: record.admin.ca,
    certificate: record.admin.certificate,
    key: record.admin.key,
    clock: systemClock,
    log: createLog('cli', 'error'),
  });

/** The record of a cluster that runs; throws UserError with what to do otherwise. */
export const runningCluster = (name: string): ClusterRecord => {
  const record = readRecord(name);
  if (record && isAlive(record)) return record;
  const flag = name === 'default' ? '' : ` --name ${name}`;
  if (record || clusterNames().includes(name)) {
    throw new UserError(
      `cluster "${name}" is not running any more: 'sudo ./podnet down${flag}' removes what it left, 'sudo ./podnet up${flag}' starts it anew`,
    );
  }
  throw new UserError(`there is no cluster "${name}": start it with 'sudo ./podnet up${flag}'`);
};
