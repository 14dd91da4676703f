// The downward API: fields of a pod, for env variables and volumes (pkg/fieldpath, kubelet_pods.go).
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { ownValue } from '../../lang/own-value.ts';

export type FieldFacts = {
  readonly pod: Stored<Pod>;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
};

/** The field's text. Throws for a path that Kubernetes does not know. */
export const fieldValue = (path: string, facts: FieldFacts): string => {
  const { metadata, spec } = facts.pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return ownValue(metadata[subscript[1] as 'labels' | 'annotations'], subscript[2]!) ?? '';
  const values: Readonly<Record<string, () => string>> = {
    'metadata.name': () => metadata.name,
    'metadata.namespace': () => metadata.namespace ?? '',
    'metadata.uid': () => metadata.uid,
    'metadata.labels': () => mapText(metadata.labels),
    'metadata.annotations': () => mapText(metadata.annotations),
    'spec.nodeName': () => spec?.nodeName ?? '',
    'spec.serviceAccountName': () => spec?.serviceAccountName ?? '',
    'status.hostIP': () => facts.hostIps[0] ?? '',
    'status.hostIPs': () => facts.hostIps.join(','),
    'status.podIP': () => facts.podIps[0] ?? '',
    'status.podIPs': () => facts.podIps.join(','),
  };
  const value = ownValue(values, path);
  if (!value) throw new Error(`unsupported fieldPath: ${path}`);
  return value();
};

/** `key="value"` lines, sorted by key, without a line break at the end. */
const mapText = (map: Readonly<Record<string, string>> = {}): string =>
  Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
