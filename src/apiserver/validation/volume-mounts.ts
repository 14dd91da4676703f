// Rules for how a container uses the pod's volumes.
import { forbidden, invalid, notFound, required } from '../../k8s/field-errors.ts';
import type { Container, Volume, VolumeMount } from '../../k8s/generated/types.ts';
import { type FieldErrors, each, ifText, repeatedIndexes, when } from './compose.ts';
import { descending, noBacksteps } from './paths.ts';
import { optionalOneOf } from './scalars.ts';

export type VolumesByName = ReadonlyMap<string, Volume>;

export const volumeMounts = (
  { volumeMounts: mounts, volumeDevices: devices, securityContext }: Container,
  volumes: VolumesByName,
  path: string,
): FieldErrors => {
  const repeated = new Set(repeatedIndexes(mounts, ({ mountPath }) => mountPath));
  const taken = { names: valuesOf(devices, 'name'), paths: valuesOf(devices, 'devicePath') };
  return each(mounts, path, (mount, at, index) => [
    ...when(!mount.name, () => required(`${at}.name`)),
    ...when(!volumes.has(mount.name), () => notFound(`${at}.name`, mount.name)),
    ...when(!mount.mountPath, () => required(`${at}.mountPath`)),
    ...when(repeated.has(index), () => invalid(`${at}.mountPath`, mount.mountPath, 'must be unique')),
    ...notAlsoDevice(mount, taken, at),
    ...subPath(mount, volumes.get(mount.name)?.image !== undefined, at, path),
    ...propagation(mount, securityContext?.privileged === true, path),
    ...recursiveReadOnly(mount, path),
  ]);
};

const valuesOf = <K extends string>(
  items: readonly { readonly [key in K]: string }[] | undefined,
  field: K,
): ReadonlySet<string> => new Set(items?.map((item) => item[field]));

const notAlsoDevice = (
  { name, mountPath }: VolumeMount,
  devices: { readonly names: ReadonlySet<string>; readonly paths: ReadonlySet<string> },
  path: string,
): FieldErrors => [
  ...when(devices.names.has(name), () =>
    invalid(`${path}.name`, name, 'must not already exist in volumeDevices'),
  ),
  ...when(devices.paths.has(mountPath), () =>
    invalid(`${path}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'),
  ),
];

/** kube-apiserver names the list where a sub path is wrong, not the mount. */
const subPath = (
  { subPath: fixed, subPathExpr: expanded }: VolumeMount,
  isImage: boolean,
  path: string,
  listPath: string,
): FieldErrors => [
  ...when(isImage && !!fixed, () => invalid(`${path}.subPath`, fixed, 'not allowed in image volume sources')),
  ...when(isImage && !!expanded, () =>
    invalid(`${path}.subPathExpr`, expanded, 'not allowed in image volume sources'),
  ),
  ...ifText(fixed, (text) => descending(text, `${listPath}.subPath`)),
  ...when(!!fixed && !!expanded, () =>
    invalid(`${path}.subPathExpr`, expanded, 'subPathExpr and subPath are mutually exclusive'),
  ),
  ...ifText(expanded, (text) => descending(text, `${listPath}.subPathExpr`)),
];

const propagation = (
  { mountPropagation: mode }: VolumeMount,
  isPrivileged: boolean,
  path: string,
): FieldErrors => [
  ...optionalOneOf(mode, ['Bidirectional', 'HostToContainer', 'None'], `${path}.mountPropagation`),
  ...when(mode === 'Bidirectional' && !isPrivileged, () =>
    forbidden(
      `${path}.mountPropagation`,
      'Bidirectional mount propagation is available only to privileged containers',
    ),
  ),
];

const recursiveReadOnly = (
  { recursiveReadOnly: mode, readOnly, mountPropagation }: VolumeMount,
  listPath: string,
): FieldErrors => {
  const path = `${listPath}.recursiveReadOnly`;
  if (mode !== 'Enabled' && mode !== 'IfPossible')
    return optionalOneOf(mode, ['Disabled', 'Enabled', 'IfPossible'], path);
  return [
    ...when(!readOnly, () => forbidden(path, 'may only be specified when readOnly is true')),
    ...when(mountPropagation !== undefined && mountPropagation !== 'None', () =>
      forbidden(path, 'may only be specified when mountPropagation is None or not specified'),
    ),
  ];
};

export const volumeDevices = (
  { volumeDevices: devices, volumeMounts: mounts }: Container,
  volumes: VolumesByName,
  path: string,
): FieldErrors => {
  const mounted = valuesOf(mounts, 'name');
  const repeatedNames = new Set(repeatedIndexes(devices, ({ name }) => name));
  const repeatedPaths = new Set(repeatedIndexes(devices, ({ devicePath }) => devicePath));
  return each(devices, path, ({ name, devicePath }, at, index) => [
    ...when(!name, () => required(`${at}.name`)),
    ...when(repeatedNames.has(index), () => invalid(`${at}.name`, name, 'must be unique')),
    ...blockVolume(name, volumes.get(name), `${at}.name`),
    ...when(!devicePath, () => required(`${at}.devicePath`)),
    ...when(repeatedPaths.has(index), () => invalid(`${at}.devicePath`, devicePath, 'must be unique')),
    ...when(noBacksteps(devicePath ?? '', at).length > 0, () =>
      invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"),
    ),
    ...when(mounted.has(name), () => invalid(`${at}.name`, name, 'must not already exist in volumeMounts')),
  ]);
};

const blockVolume = (name: string, volume: Volume | undefined, path: string): FieldErrors => {
  if (!volume) return [notFound(path, name)];
  return when(!volume.persistentVolumeClaim && !volume.ephemeral, () =>
    invalid(
      path,
      name,
      'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    ),
  );
};
