// The Pod Security Standards as a table: https://kubernetes.io/docs/concepts/security/pod-security-standards/.
import type { Check, Finding, PodLike } from './check.ts';
import * as host from './host-checks.ts';
import type { Level, LevelVersion } from './policy.ts';
import * as privileges from './privilege-checks.ts';
import * as profiles from './profile-checks.ts';

type Row = {
  readonly id: string;
  readonly level: Exclude<Level, 'privileged'>;
  /** The minor version of the standards that brought it; a later row of the same id takes its place. */
  readonly since: number;
  readonly check: Check;
  /** A check of the level below that it comprises. */
  readonly overrides?: string;
};

const notOnWindows =
  (check: Check): Check =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : check(pod);

/** Root in a user namespace is nobody outside of it. */
const unlessInUserNamespace =
  (check: Check): Check =>
  (pod) =>
    pod.spec.hostUsers === false ? undefined : check(pod);

/** In the order in which findings are told. */
const ROWS: readonly Row[] = [
  { id: 'appArmorProfile', level: 'baseline', since: 0, check: profiles.appArmorProfile },
  { id: 'capabilities', level: 'baseline', since: 0, check: privileges.capabilitiesBaseline },
  { id: 'hostNamespaces', level: 'baseline', since: 0, check: host.hostNamespaces },
  { id: 'hostPathVolumes', level: 'baseline', since: 0, check: host.hostPathVolumes },
  { id: 'hostPorts', level: 'baseline', since: 0, check: host.hostPorts },
  { id: 'hostProbes', level: 'baseline', since: 34, check: host.probeHosts },
  { id: 'privileged', level: 'baseline', since: 0, check: host.privileged },
  { id: 'procMount', level: 'baseline', since: 0, check: profiles.procMount },
  { id: 'procMount', level: 'baseline', since: 35, check: unlessInUserNamespace(profiles.procMount) },
  { id: 'seLinuxOptions', level: 'baseline', since: 0, check: profiles.seLinuxOptions.v1_0 },
  { id: 'seLinuxOptions', level: 'baseline', since: 31, check: profiles.seLinuxOptions.v1_31 },
  { id: 'seccompProfile', level: 'baseline', since: 0, check: profiles.seccompAnnotations },
  { id: 'seccompProfile', level: 'baseline', since: 19, check: profiles.seccompBaseline },
  { id: 'sysctls', level: 'baseline', since: 0, check: host.safeSysctls.v1_0 },
  { id: 'sysctls', level: 'baseline', since: 27, check: host.safeSysctls.v1_27 },
  { id: 'sysctls', level: 'baseline', since: 29, check: host.safeSysctls.v1_29 },
  { id: 'sysctls', level: 'baseline', since: 32, check: host.safeSysctls.v1_32 },
  { id: 'windowsHostProcess', level: 'baseline', since: 0, check: host.windowsHostProcess },
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    since: 8,
    check: privileges.allowPrivilegeEscalation,
  },
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    since: 25,
    check: notOnWindows(privileges.allowPrivilegeEscalation),
  },
  {
    id: 'capabilities of restricted',
    level: 'restricted',
    since: 22,
    check: privileges.capabilitiesRestricted,
    overrides: 'capabilities',
  },
  {
    id: 'capabilities of restricted',
    level: 'restricted',
    since: 25,
    check: notOnWindows(privileges.capabilitiesRestricted),
    overrides: 'capabilities',
  },
  {
    id: 'procMount of restricted',
    level: 'restricted',
    since: 35,
    check: profiles.procMount,
    overrides: 'procMount',
  },
  { id: 'restrictedVolumes', level: 'restricted', since: 0, check: privileges.restrictedVolumes },
  { id: 'runAsNonRoot', level: 'restricted', since: 0, check: privileges.runAsNonRoot },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    since: 35,
    check: unlessInUserNamespace(privileges.runAsNonRoot),
  },
  { id: 'runAsUser', level: 'restricted', since: 23, check: privileges.runAsUser },
  { id: 'runAsUser', level: 'restricted', since: 35, check: unlessInUserNamespace(privileges.runAsUser) },
  {
    id: 'seccompProfile of restricted',
    level: 'restricted',
    since: 19,
    check: profiles.seccompRestricted,
    overrides: 'seccompProfile',
  },
  {
    id: 'seccompProfile of restricted',
    level: 'restricted',
    since: 25,
    check: notOnWindows(profiles.seccompRestricted),
    overrides: 'seccompProfile',
  },
];

/** What of the pod a level of the standards forbids, in the version that is asked for. O(checks x containers). */
export const findingsOf = ({ level, version }: LevelVersion, pod: PodLike): readonly Finding[] => {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Infinity : Number(version.slice('v1.'.length));
  const rows = ROWS.filter(
    (row) => row.since <= minor && (row.level === 'baseline' || level === 'restricted'),
  );
  const newest = new Map(rows.map((row) => [row.id, row])); // the later of two stays
  const overridden = new Set(rows.map(({ overrides }) => overrides));
  return [...newest.values()].flatMap(({ id, check }) => (overridden.has(id) ? [] : (check(pod) ?? [])));
};
