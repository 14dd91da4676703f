// Rules for the security contexts of pods and containers.
import { duplicate, forbidden, invalid, required, tooLong } from '../../k8s/field-errors.ts';
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from '../../k8s/generated/types.ts';
import { type FieldErrors, each, ifSet, repeatedIndexes, when } from './compose.ts';
import { descending } from './paths.ts';
import { oneOf, optionalOneOf, unixId } from './scalars.ts';

export const containerSecurity = (
  context: SecurityContext | undefined,
  usesHostUsers: boolean,
  path: string,
): FieldErrors =>
  ifSet(context, (value) => [
    ...unixId(value.runAsUser, `${path}.runAsUser`),
    ...unixId(value.runAsGroup, `${path}.runAsGroup`),
    ...optionalOneOf(value.procMount, ['Default', 'Unmasked'], `${path}.procMount`),
    ...when(usesHostUsers && value.procMount === 'Unmasked', () =>
      invalid(`${path}.procMount`, value.procMount, '`hostUsers` must be false to use `Unmasked`'),
    ),
    ...seccomp(value.seccompProfile, `${path}.seccompProfile`),
    ...privileges(value, path),
    ...appArmor(value.appArmorProfile, `${path}.appArmorProfile`),
  ]);

const privileges = (context: SecurityContext, path: string): FieldErrors => {
  if (context.allowPrivilegeEscalation !== false) return [];
  const clash = 'cannot set `allowPrivilegeEscalation` to false and';
  return [
    ...when(context.privileged === true, () => invalid(path, context, `${clash} \`privileged\` to true`)),
    ...when(!!context.capabilities?.add?.includes('CAP_SYS_ADMIN'), () =>
      invalid(path, context, `${clash} \`capabilities.Add\` CAP_SYS_ADMIN`),
    ),
  ];
};

export const podSecurity = (
  { securityContext, hostPID, shareProcessNamespace }: PodSpec,
  path: string,
): FieldErrors => [
  ...ifSet(securityContext, (context) => podSecurityContext(context, path)),
  ...when(hostPID === true && shareProcessNamespace === true, () =>
    invalid(
      `${path}.shareProcessNamespace`,
      true,
      'ShareProcessNamespace and HostPID cannot both be enabled',
    ),
  ),
];

const podSecurityContext = (context: PodSecurityContext, path: string): FieldErrors => [
  ...unixId(context.fsGroup, `${path}.fsGroup`),
  ...unixId(context.runAsUser, `${path}.runAsUser`),
  ...unixId(context.runAsGroup, `${path}.runAsGroup`),
  ...each(context.supplementalGroups, `${path}.supplementalGroups`, unixId),
  ...sysctls(context.sysctls, `${path}.sysctls`),
  ...optionalOneOf(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${path}.fsGroupChangePolicy`),
  ...seccomp(context.seccompProfile, `${path}.seccompProfile`),
  ...appArmor(context.appArmorProfile, `${path}.appArmorProfile`),
  ...optionalOneOf(context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${path}.supplementalGroupsPolicy`),
];

const SYSCTL_SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SYSCTL = new RegExp(`^(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}$`);

const sysctls = (list: readonly Sysctl[] | undefined, path: string): FieldErrors => {
  const repeated = new Set(repeatedIndexes(list, ({ name }) => name));
  return each(list, path, ({ name }, at, index) => {
    if (!name) return [required(`${at}.name`)];
    if (name.length > 253 || !SYSCTL.test(name))
      return [
        invalid(`${at}.name`, name, `must have at most 253 characters and match regex ${SYSCTL.source}`),
      ];
    return when(repeated.has(index), () => duplicate(`${at}.name`, name));
  });
};

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

const seccomp = (profile: SeccompProfile | undefined, path: string): FieldErrors =>
  ifSet(profile, ({ type, localhostProfile }) => [
    ...(type
      ? oneOf(type, PROFILE_TYPES, `${path}.type`)
      : [required(`${path}.type`, 'type is required when seccompProfile is set')]),
    ...when(type === 'Localhost' && localhostProfile === undefined, () =>
      required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost'),
    ),
    ...ifSet(localhostProfile, (file) =>
      type === 'Localhost'
        ? descending(file, `${path}.localhostProfile`)
        : [invalid(`${path}.localhostProfile`, profile, 'can only be set when seccomp type is Localhost')],
    ),
  ]);

const appArmor = (profile: AppArmorProfile | undefined, path: string): FieldErrors =>
  ifSet(profile, ({ type, localhostProfile: name }) => {
    if (!type) return [required(`${path}.type`, 'type is required when appArmorProfile is set')];
    if (type !== 'Localhost')
      return [
        ...oneOf(type, PROFILE_TYPES, `${path}.type`),
        ...when(name !== undefined, () =>
          invalid(`${path}.localhostProfile`, name, 'can only be set when AppArmor type is Localhost'),
        ),
      ];
    return localAppArmor(name, `${path}.localhostProfile`);
  });

const localAppArmor = (name: string | undefined, path: string): FieldErrors => {
  if (!name) return [required(path, 'must be set when AppArmor type is Localhost')];
  return [
    ...when(name.trim() !== name, () => invalid(path, name, 'must not be padded with whitespace')),
    ...when(name.length > 4095, () => tooLong(path, 4095)), // PATH_MAX - 1
  ];
};

/** A user namespace goes with none of the host's. */
export const hostUsers = (spec: PodSpec, path: string): FieldErrors => {
  if (spec.hostUsers !== false) return [];
  const clash = 'when `pod.Spec.HostUsers` is false';
  return [
    ...when(spec.hostNetwork === true, () => forbidden(`${path}.hostNetwork`, clash)),
    ...when(spec.hostPID === true, () => forbidden(`${path}.HostPID`, clash)),
    ...when(spec.hostIPC === true, () => forbidden(`${path}.HostIPC`, clash)),
  ];
};
