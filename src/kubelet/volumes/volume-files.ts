// The files of configMap, secret and downwardAPI volumes: objects in, paths and contents out.
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Secret } from '../../k8s/generated/types.ts';
import { ownValue } from '../../lang/own-value.ts';
import { fieldValue } from '../env/field-ref.ts';
import type { FieldFacts } from '../env/field-ref.ts';
import { containerNamed, resourceFieldValue } from '../env/resource-field.ts';
import type { NodeCapacity } from '../env/resource-field.ts';

export type VolumeFile = { readonly path: string; readonly content: Uint8Array; readonly mode: number };

export const DEFAULT_MODE = 0o644;

/** What a configMap or secret source says of its keys. */
export type KeySelection = {
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
  readonly defaultMode?: number | undefined;
};

export const configMapFiles = (
  configMap: ConfigMap | undefined,
  selection: KeySelection,
): readonly VolumeFile[] =>
  selectKeys('config', selection, {
    ...mapValues(configMap?.data, (text) => Buffer.from(text)),
    ...mapValues(configMap?.binaryData, (text) => Buffer.from(text, 'base64')),
  });

export const secretFiles = (secret: Secret | undefined, selection: KeySelection): readonly VolumeFile[] =>
  selectKeys(
    'secret',
    selection,
    mapValues(secret?.data, (text) => Buffer.from(text, 'base64')),
  );

export const downwardFiles = (
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
  facts: FieldFacts & { readonly capacity: NodeCapacity },
): readonly VolumeFile[] =>
  items.map((item) => ({
    path: item.path,
    content: Buffer.from(downwardText(item, facts)),
    mode: item.mode ?? mode,
  }));

const downwardText = (
  { fieldRef, resourceFieldRef, path }: DownwardAPIVolumeFile,
  facts: FieldFacts & { readonly capacity: NodeCapacity },
): string => {
  if (fieldRef) return fieldValue(fieldRef.fieldPath, facts);
  if (!resourceFieldRef) throw new Error(`downwardAPI file ${path} has no source`);
  const container = containerNamed(facts.pod, resourceFieldRef.containerName ?? '');
  return resourceFieldValue(resourceFieldRef, container, facts.capacity);
};

const mapValues = (
  map: Readonly<Record<string, string>> = {},
  decode: (text: string) => Uint8Array,
): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(Object.entries(map).map(([key, text]) => [key, decode(text)]));

const selectKeys = (
  kind: 'config' | 'secret',
  { items, optional, defaultMode = DEFAULT_MODE }: KeySelection,
  contents: Readonly<Record<string, Uint8Array>>,
): readonly VolumeFile[] => {
  if (!items?.length)
    return Object.entries(contents).map(([path, content]) => ({ path, content, mode: defaultMode }));
  return items.flatMap(({ key, path, mode = defaultMode }) => {
    const content = ownValue(contents, key);
    if (content) return [{ path, content, mode }];
    if (optional) return [];
    throw new Error(`references non-existent ${kind} key: ${key}`);
  });
};
