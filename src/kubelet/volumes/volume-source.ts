// One volume of a pod: where it lies on the node, and what it holds.
import type { Pod, Volume, VolumeProjection } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { FieldFacts } from '../env/field-ref.ts';
import type { NodeCapacity } from '../env/resource-field.ts';
import { EMPTY_DIR } from '../pod-folders.ts';
import type { References } from '../references.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import { DEFAULT_MODE, configMapFiles, downwardFiles, secretFiles } from './volume-files.ts';
import type { VolumeFile } from './volume-files.ts';

export type SourceFacts = FieldFacts & {
  readonly references: References;
  readonly tokens: ServiceAccountTokens;
  readonly capacity: NodeCapacity;
  /** ConfigMaps and Secrets must not be older. */
  readonly freshSinceMs: number;
};

/** How a volume comes to be. `files`: made by the kubelet, and read-only in containers. */
export type VolumeKind = 'empty' | 'files' | 'host';

/** kubelet's plugin names, which are folder names; undefined: a kind of volume that podnet does not have. */
const PLUGINS: readonly (readonly [keyof Volume, string, VolumeKind])[] = [
  ['emptyDir', EMPTY_DIR, 'empty'],
  ['configMap', 'kubernetes.io~configmap', 'files'],
  ['secret', 'kubernetes.io~secret', 'files'],
  ['downwardAPI', 'kubernetes.io~downward-api', 'files'],
  ['projected', 'kubernetes.io~projected', 'files'],
  ['hostPath', 'kubernetes.io~host-path', 'host'],
];

export const pluginOf = (
  volume: Volume,
): { readonly plugin: string; readonly kind: VolumeKind } | undefined => {
  const found = PLUGINS.find(([field]) => volume[field] !== undefined);
  return found && { plugin: found[1], kind: found[2] };
};

/** The files of a volume of kind `files`. Throws with kubelet's words when a reference is missing. */
export const volumeFiles = async (volume: Volume, facts: SourceFacts): Promise<readonly VolumeFile[]> => {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return fromConfigMap(configMap, facts);
  if (secret) return fromSecret({ ...secret, name: secret.secretName }, facts);
  if (downwardAPI)
    return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode ?? DEFAULT_MODE, facts);
  const mode = projected?.defaultMode ?? DEFAULT_MODE;
  const parts = await Promise.all(
    (projected?.sources ?? []).map((source) => projectedFiles(source, mode, facts)),
  );
  return [...new Map(parts.flat().map((file) => [file.path, file])).values()];
};

const projectedFiles = async (
  source: VolumeProjection,
  defaultMode: number,
  facts: SourceFacts,
): Promise<readonly VolumeFile[]> => {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap) return fromConfigMap({ ...configMap, defaultMode }, facts);
  if (secret) return fromSecret({ ...secret, defaultMode }, facts);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], defaultMode, facts);
  if (!serviceAccountToken) throw new Error('projected source is of a kind that podnet does not have');
  const { audience, expirationSeconds = 3600, path } = serviceAccountToken;
  const token = await facts.tokens.token(facts.pod, { audience, expirationSeconds });
  return [{ path, content: Buffer.from(token), mode: tokenMode(facts.pod, defaultMode) }];
};

/** A token in a pod with an fsGroup is for that group only (KEP-1205). */
const tokenMode = ({ spec }: Stored<Pod>, defaultMode: number): number =>
  spec?.securityContext?.fsGroup === undefined ? defaultMode : 0o600;

type NamedSelection = Parameters<typeof configMapFiles>[1] & { readonly name?: string | undefined };

const fromConfigMap = async (
  source: NamedSelection,
  { references, pod, freshSinceMs }: SourceFacts,
): Promise<readonly VolumeFile[]> => {
  const name = source.name ?? '';
  const found = await references.configMap(pod.metadata.namespace!, name, freshSinceMs);
  if (!found && !source.optional) throw new Error(`configmap "${name}" not found`);
  return found ? configMapFiles(found, source) : [];
};

const fromSecret = async (
  source: NamedSelection,
  { references, pod, freshSinceMs }: SourceFacts,
): Promise<readonly VolumeFile[]> => {
  const name = source.name ?? '';
  const found = await references.secret(pod.metadata.namespace!, name, freshSinceMs);
  if (!found && !source.optional) throw new Error(`secret "${name}" not found`);
  return found ? secretFiles(found, source) : [];
};
