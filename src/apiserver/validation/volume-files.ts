// Rules for the files that a volume is made of: keys of ConfigMaps and Secrets, fields of the pod, tokens.
import { forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../k8s/generated/types.ts';
import { type FieldErrors, each, ifSet, repeatedIndexes, when } from './compose.ts';
import { VOLUME_FIELDS, fieldReference, resourceReference } from './env.ts';
import { descendingUnreserved } from './paths.ts';
import { fileMode } from './scalars.ts';

export const keyToPath = ({ key, path: file, mode }: KeyToPath, path: string): FieldErrors => [
  ...when(!key, () => required(`${path}.key`)),
  ...when(!file, () => required(`${path}.path`)),
  ...descendingUnreserved(file ?? '', `${path}.path`),
  ...fileMode(mode, `${path}.mode`),
];

export const downwardFile = (
  { path: file, fieldRef, resourceFieldRef, mode }: DownwardAPIVolumeFile,
  path: string,
): FieldErrors => [
  ...when(!file, () => required(`${path}.path`)),
  ...descendingUnreserved(file ?? '', `${path}.path`),
  ...when(!!fieldRef && !!resourceFieldRef, () =>
    invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'),
  ),
  ...when(!fieldRef && !resourceFieldRef, () =>
    required(path, 'one of fieldRef and resourceFieldRef is required'),
  ),
  ...ifSet(fieldRef, (reference) => fieldReference(reference, VOLUME_FIELDS, `${path}.fieldRef`)),
  ...ifSet(resourceFieldRef, (reference) =>
    reference.containerName
      ? resourceReference(reference, `${path}.resourceFieldRef`)
      : [required(`${path}.resourceFieldRef.containerName`)],
  ),
  ...fileMode(mode, `${path}.mode`),
];

export const projectedSources = (
  sources: readonly VolumeProjection[] | undefined,
  path: string,
): FieldErrors => {
  const paths = (sources ?? []).flatMap(pathsOf);
  return [
    ...each(sources, `${path}.sources`, projection),
    ...repeatedIndexes(paths, (file) => file).map((index) =>
      invalid(path, paths[index], 'conflicting duplicate paths'),
    ),
  ];
};

const pathsOf = ({ secret, configMap, downwardAPI, clusterTrustBundle }: VolumeProjection): string[] =>
  [
    ...(secret?.items ?? []),
    ...(configMap?.items ?? []),
    ...(downwardAPI?.items ?? []),
    ...(clusterTrustBundle ? [clusterTrustBundle] : []),
  ].flatMap(({ path }) => path || []);

const projection = (source: VolumeProjection, path: string): FieldErrors => [
  ...(['secret', 'configMap'] as const).flatMap((name) =>
    ifSet(source[name], (named) => [
      ...when(!named.name, () => required(`${path}.${name}.name`)),
      ...each(named.items, `${path}.${name}.items`, keyToPath),
    ]),
  ),
  ...(source.downwardAPI?.items ?? []).flatMap((file) => downwardFile(file, `${path}.downwardAPI`)),
  ...ifSet(source.serviceAccountToken, (token) => tokenFile(token, `${path}.serviceAccountToken`)),
  ...when(Object.values(source).filter(Boolean).length > 1, () =>
    forbidden(path, 'may not specify more than 1 volume type per source'),
  ),
];

const tokenFile = (
  { expirationSeconds = 3600, path: file }: ServiceAccountTokenProjection,
  path: string,
): FieldErrors => [
  ...when(expirationSeconds < 600, () =>
    invalid(
      `${path}.expirationSeconds`,
      expirationSeconds,
      'may not specify a duration less than 10 minutes',
    ),
  ),
  ...when(expirationSeconds > 2 ** 32, () =>
    invalid(
      `${path}.expirationSeconds`,
      expirationSeconds,
      'may not specify a duration larger than 2^32 seconds',
    ),
  ),
  ...when(!file, () => required(`${path}.path`)),
  ...descendingUnreserved(file ?? '', `${path}.path`),
];
