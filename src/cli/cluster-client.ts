// The CLI's own way to a running cluster's API.
import { text } from 'node:stream/consumers';
import { type HttpClient, createHttpClient } from '../client/http-client.ts';
import { Http2Connection } from '../client/http2-connection.ts';
import { jsonLines } from '../client/json-lines.ts';
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

const LINE_BYTES_MAX = 1 << 20;

/** The lines of JSON that a path of the API answers with, as they come. */
export async function* readLines(record: ClusterRecord, path: string): AsyncGenerator<unknown> {
  const connection = new Http2Connection({
    server: serverOf(record),
    ...record.admin,
    timeoutMs: 30_000,
    clock: systemClock,
    log: createLog('cli', 'error'),
  });
  try {
    const { status, stream } = await connection.send({ method: 'GET', path, headers: {} });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${(await text(stream)).trim()}`);
    yield* jsonLines(stream, LINE_BYTES_MAX);
  } finally {
    connection.close();
  }
}

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
