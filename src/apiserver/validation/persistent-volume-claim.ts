// Rules for PersistentVolumeClaims (kubernetes pkg/apis/core/validation/validation.go).
import { forbidden, invalid, notSupported, required } from '../../k8s/field-errors.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../k8s/generated/types.ts';
import { parseQuantity } from '../../k8s/quantity.ts';
import { equalJson } from '../../lang/json.ts';
import { changedPaths } from './changed-paths.ts';
import { type FieldErrors, ifText, when } from './compose.ts';
import { labelSelector } from './labels.ts';
import { resourceQuantity } from './resources.ts';
import { optionalOneOf } from './scalars.ts';
import { dnsSubdomain } from './texts.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];

export const validateClaim = ({ spec }: PersistentVolumeClaim): FieldErrors => claimSpec(spec ?? {}, 'spec');

export const claimSpec = (spec: PersistentVolumeClaimSpec, path: string): FieldErrors => [
  ...accessModes(spec.accessModes ?? [], `${path}.accessModes`),
  ...labelSelector(spec.selector, `${path}.selector`),
  ...storage(spec, `${path}.resources[storage]`),
  ...ifText(spec.storageClassName, (name) => dnsSubdomain(name, `${path}.storageClassName`)),
  ...optionalOneOf(spec.volumeMode, VOLUME_MODES, `${path}.volumeMode`),
  ...ifText(spec.volumeAttributesClassName, (name) =>
    dnsSubdomain(name, `${path}.volumeAttributesClassName`),
  ),
];

export const accessModes = (modes: readonly string[], path: string): FieldErrors => [
  ...when(modes.length === 0, () => required(path, 'at least 1 access mode is required')),
  ...modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(path, mode, ACCESS_MODES)),
  ...when(modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod'), () =>
    forbidden(path, 'may not use ReadWriteOncePod with other access modes'),
  ),
];

const storage = ({ resources }: PersistentVolumeClaimSpec, path: string): FieldErrors => {
  const asked = resources?.requests?.['storage'];
  if (asked === undefined) return [required(path)];
  const parsed = parseQuantity(asked);
  if (parsed && parsed.nanos <= 0n) return [invalid(path, asked, 'must be greater than zero')];
  return resourceQuantity('storage', asked, path);
};

/** A volume may be named once; a claim that is bound may grow and change its attributes. */
export const validateClaimUpdate = (
  after: PersistentVolumeClaim,
  before: PersistentVolumeClaim,
): FieldErrors => {
  const isBound = before.status?.phase === 'Bound';
  const [now, then] = [after, before].map((claim) => fixedPart(claim, before, isBound));
  return when(!equalJson(now, then), () =>
    forbidden(
      'spec',
      `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${changedPaths(then, now, 'spec').join('\n')}`,
    ),
  );
};

const fixedPart = (
  { spec }: PersistentVolumeClaim,
  before: PersistentVolumeClaim,
  isBound: boolean,
): unknown => {
  const { volumeName, storageClassName, resources, volumeAttributesClassName, ...rest } = spec ?? {};
  return {
    ...rest,
    ...(before.spec?.volumeName ? { volumeName } : {}),
    ...(before.spec?.storageClassName === undefined ? {} : { storageClassName }),
    ...(isBound ? {} : { resources, volumeAttributesClassName }),
  };
};
