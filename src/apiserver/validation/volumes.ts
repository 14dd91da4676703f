// Rules for a pod's volumes.
import { duplicate, forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type { Volume } from '../../k8s/generated/types.ts';
import { type FieldErrors, each, ifSet, when } from './compose.ts';
import { noBacksteps } from './paths.ts';
import { parseQuantity } from '../../k8s/quantity.ts';
import { fileMode, optionalOneOf } from './scalars.ts';
import { requiredDnsLabel } from './texts.ts';
import { downwardFile, keyToPath, projectedSources } from './volume-files.ts';

export const volumes = (list: readonly Volume[] | undefined, path: string): FieldErrors => {
  const seen = new Set<string>();
  return each(list, path, (volume, at) => {
    const errors = [
      ...volumeSource(volume, at),
      ...requiredDnsLabel(volume.name, `${at}.name`),
      ...when(seen.has(volume.name), () => duplicate(`${at}.name`, volume.name)),
    ];
    if (errors.length === 0) seen.add(volume.name);
    return errors;
  });
};

/** Exactly one source; of several the first counts. */
const volumeSource = (volume: Volume, path: string): FieldErrors => {
  const [first, ...others] = Object.keys(volume).filter(
    (key) => key !== 'name' && volume[key as keyof Volume] !== undefined,
  );
  if (!first) return [required(path, 'must specify a volume type')];
  return [
    ...contentOf(volume, path),
    ...others.map((name) => forbidden(`${path}.${name}`, 'may not specify more than 1 volume type')),
  ];
};

const contentOf = (volume: Volume, path: string): FieldErrors => [
  ...ifSet(volume.emptyDir, ({ sizeLimit }) =>
    when(sizeLimit !== undefined && (parseQuantity(sizeLimit)?.nanos ?? -1n) < 0n, () =>
      forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'),
    ),
  ),
  ...ifSet(volume.hostPath, (source) => hostPath(source, `${path}.hostPath`)),
  ...ifSet(volume.secret, ({ secretName, defaultMode, items }) => [
    ...when(!secretName, () => required(`${path}.secret.secretName`)),
    ...files(defaultMode, items, `${path}.secret`),
  ]),
  ...ifSet(volume.configMap, ({ name, defaultMode, items }) => [
    ...when(!name, () => required(`${path}.configMap.name`)),
    ...files(defaultMode, items, `${path}.configMap`),
  ]),
  ...ifSet(volume.downwardAPI, ({ defaultMode, items }) => [
    ...fileMode(defaultMode, `${path}.downwardAPI.defaultMode`),
    ...(items ?? []).flatMap((file) => downwardFile(file, `${path}.downwardAPI`)),
  ]),
  ...ifSet(volume.projected, ({ defaultMode, sources }) => [
    ...fileMode(defaultMode, `${path}.projected.defaultMode`),
    ...projectedSources(sources, `${path}.projected`),
  ]),
  ...ifSet(volume.persistentVolumeClaim, ({ claimName }) =>
    when(!claimName, () => required(`${path}.persistentVolumeClaim.claimName`)),
  ),
  ...ifSet(volume.nfs, (source) => nfs(source, `${path}.nfs`)),
  ...ifSet(volume.csi, ({ driver }) => when(!driver, () => required(`${path}.csi.driver`))),
  ...ifSet(volume.ephemeral, ({ volumeClaimTemplate }) =>
    when(!volumeClaimTemplate, () => required(`${path}.ephemeral.volumeClaimTemplate`)),
  ),
];

const files = (
  defaultMode: number | undefined,
  items: NonNullable<Volume['configMap']>['items'],
  path: string,
): FieldErrors => [
  ...fileMode(defaultMode, `${path}.defaultMode`),
  ...each(items, `${path}.items`, keyToPath),
];

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const hostPath = ({ path: folder, type }: NonNullable<Volume['hostPath']>, path: string): FieldErrors =>
  folder
    ? [...noBacksteps(folder, `${path}.path`), ...optionalOneOf(type, HOST_PATH_TYPES, `${path}.type`)]
    : [required(`${path}.path`)];

const nfs = ({ server, path: folder }: NonNullable<Volume['nfs']>, path: string): FieldErrors => [
  ...when(!server, () => required(`${path}.server`)),
  ...when(!folder, () => required(`${path}.path`)),
  ...when(!folder?.startsWith('/'), () => invalid(`${path}.path`, folder ?? '', 'must be an absolute path')),
];
