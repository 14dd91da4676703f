// Families as Prometheus' text. The client library is loaded by the first who asks: most clusters are never scraped.
import { createRequire } from 'node:module';
import type { Family } from './family.ts';

export const PAGE_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricsPage = () => Promise<string>;

/** `families` have distinct names. */
export const createPage = (families: readonly Family[]): MetricsPage => {
  let registry: Registry | undefined;
  return async () => {
    registry ??= registryOf(families);
    return registry.metrics();
  };
};

const registryOf = (families: readonly Family[]): Registry => {
  const registry = new (loadRegistry())();
  for (const { name, help, type, samples } of families)
    registry.registerMetric({ name, get: () => ({ name, help, type, values: samples() }) });
  return registry;
};

/** The part of the library's Registry that is used: of a metric it wants no more than `get` (its lib/registry.js). */
type Registry = {
  readonly registerMetric: (metric: { readonly name: string; readonly get: () => object }) => void;
  readonly metrics: () => Promise<string>;
};

/** The Registry alone: 4 ms and 1 MB, where the whole library takes 60 ms and 11 MB in each thread. */
const loadRegistry = (): new () => Registry =>
  createRequire(import.meta.url)('@prometheus-io/client/lib/registry.js') as new () => Registry;
