// The Pod Security Standards, control by control, as https://kubernetes.io/docs/concepts/security/pod-security-standards/ has them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, PodSpec } from '../../../k8s/generated/types.ts';
import { findingsOf } from './checks.ts';
import type { Level } from './policy.ts';

type Case = {
  readonly spec?: Partial<PodSpec>;
  readonly container?: Partial<Container>;
  readonly annotations?: Readonly<Record<string, string>>;
};

const findings = (
  level: Level,
  { spec, container, annotations }: Case,
  version = 'latest',
): readonly string[] =>
  findingsOf(
    { level, version },
    {
      metadata: { ...(annotations && { annotations }) },
      spec: { ...spec, containers: [{ name: 'c', ...container }, ...(spec?.containers ?? [])] },
    },
  ).map(({ reason, detail }) => `${reason} (${detail})`);

const context = (securityContext: Container['securityContext']): Case => ({ container: { securityContext } });
const podContext = (securityContext: PodSpec['securityContext']): Case => ({ spec: { securityContext } });

/** What baseline forbids; undefined: nothing. */
const BASELINE: readonly (readonly [string, Case, string | undefined])[] = [
  ['an ordinary pod', {}, undefined],
  [
    'HostProcess of the pod',
    podContext({ windowsOptions: { hostProcess: true } }),
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    'HostProcess of a container',
    context({ windowsOptions: { hostProcess: true } }),
    'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    'host namespaces',
    { spec: { hostNetwork: true, hostPID: true, hostIPC: true } },
    'host namespaces (hostIPC, hostNetwork, hostPID)',
  ],
  [
    'privileged',
    context({ privileged: true }),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  ['capabilities of the default set', context({ capabilities: { add: ['CHOWN', 'SYS_CHROOT'] } }), undefined],
  [
    'other capabilities',
    context({ capabilities: { add: ['SYS_TIME', 'NET_RAW', 'CHOWN'] } }),
    'non-default capabilities (container "c" must not include "NET_RAW", "SYS_TIME" in securityContext.capabilities.add)',
  ],
  [
    'hostPath volumes',
    {
      spec: {
        volumes: [
          { name: 'v', hostPath: { path: '/' } },
          { name: 'w', hostPath: { path: '/' } },
        ],
      },
    },
    'hostPath volumes (volumes "v", "w")',
  ],
  [
    'host ports',
    {
      container: {
        ports: [
          { containerPort: 1, hostPort: 80 },
          { containerPort: 2, hostPort: 443 },
        ],
      },
    },
    'hostPort (container "c" uses hostPorts 443, 80)',
  ],
  [
    'hosts of probes',
    {
      container: {
        livenessProbe: { httpGet: { host: 'h', port: 1 } },
        lifecycle: { preStop: { tcpSocket: { host: 'i', port: 1 } } },
      },
    },
    'probe or lifecycle host (container "c" uses probe or lifecycle hosts "h", "i")',
  ],
  ['a probe of the pod itself', { container: { livenessProbe: { httpGet: { port: 1 } } } }, undefined],
  [
    'an AppArmor profile that is allowed',
    {
      ...podContext({ appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } }),
      annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/p' },
    },
    undefined,
  ],
  [
    'AppArmor switched off',
    context({ appArmorProfile: { type: 'Unconfined' } }),
    'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")',
  ],
  [
    'AppArmor switched off by annotation',
    { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } },
    'forbidden AppArmor profile (container.apparmor.security.beta.kubernetes.io/c="unconfined")',
  ],
  [
    'SELinux types that are allowed',
    podContext({ seLinuxOptions: { type: 'container_engine_t', level: 's0' } }),
    undefined,
  ],
  [
    'other SELinux types',
    {
      ...podContext({ seLinuxOptions: { type: 'spc_t' } }),
      container: { securityContext: { seLinuxOptions: { user: 'u', role: 'r' } } },
    },
    'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
  ],
  [
    'an unmasked /proc',
    context({ procMount: 'Unmasked' }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'an unmasked /proc in a user namespace',
    { ...context({ procMount: 'Unmasked' }), spec: { hostUsers: false } },
    undefined,
  ],
  ['seccomp that is allowed', podContext({ seccompProfile: { type: 'RuntimeDefault' } }), undefined],
  [
    'seccomp switched off',
    podContext({ seccompProfile: { type: 'Unconfined' } }),
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  ['safe sysctls', podContext({ sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '' }] }), undefined],
  [
    'other sysctls',
    podContext({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] }),
    'forbidden sysctls (kernel.msgmax)',
  ],
];

/** A pod that restricted allows: each case changes one thing. */
const GOOD_CONTEXT: NonNullable<Container['securityContext']> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
};
const GOOD_POD: NonNullable<PodSpec['securityContext']> = {
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const good = (
  container: Container['securityContext'] = {},
  pod: PodSpec['securityContext'] = {},
  spec: Partial<PodSpec> = {},
): Case => ({
  spec: { securityContext: { ...GOOD_POD, ...pod }, ...spec },
  container: { securityContext: { ...GOOD_CONTEXT, ...container } },
});

const RESTRICTED: readonly (readonly [string, Case, string | undefined])[] = [
  ['a good pod', good(), undefined],
  [
    'privilege escalation',
    good({ allowPrivilegeEscalation: true }),
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
  ],
  [
    'root, perhaps',
    good({}, { runAsNonRoot: undefined }),
    'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
  ],
  [
    'root, said by a container',
    good({ runAsNonRoot: false }),
    'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
  ],
  ['not root, said by the container', good({ runAsNonRoot: true }, { runAsNonRoot: undefined }), undefined],
  [
    'user 0',
    good({ runAsUser: 0 }, { runAsUser: 0 }),
    'runAsUser=0 (pod and container "c" must not set runAsUser=0)',
  ],
  [
    'no seccomp',
    good({}, { seccompProfile: undefined }),
    'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'seccomp switched off',
    good({ seccompProfile: { type: 'Unconfined' } }),
    'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    'capabilities that stay',
    good({ capabilities: { drop: ['NET_RAW'], add: ['NET_BIND_SERVICE'] } }),
    'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
  ],
  [
    'capabilities that are added',
    good({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } }),
    'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    'volumes',
    good(
      {},
      {},
      {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', nfs: { server: 's', path: '/' } },
        ],
      },
    ),
    'restricted volume types (volume "b" uses restricted volume type "nfs")',
  ],
  [
    'an unmasked /proc, also in a user namespace',
    good({ procMount: 'Unmasked' }, {}, { hostUsers: false }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  ['Windows', { spec: { os: { name: 'windows' }, securityContext: { runAsNonRoot: true } } }, undefined],
  [
    'root in a user namespace',
    good({ runAsUser: 0 }, { runAsNonRoot: undefined }, { hostUsers: false }),
    undefined,
  ],
];

const asList = (finding: string | undefined): readonly string[] => (finding === undefined ? [] : [finding]);

describe('baseline', () => {
  for (const [what, pod, expected] of BASELINE)
    it(`${expected ? 'forbids' : 'allows'} ${what}`, () => {
      assert.deepEqual(findings('baseline', pod), asList(expected));
      assert.deepEqual(findings('privileged', pod), []);
    });
});

describe('restricted', () => {
  for (const [what, pod, expected] of RESTRICTED)
    it(`${expected ? 'forbids' : 'allows'} ${what}`, () =>
      assert.deepEqual(findings('restricted', pod), asList(expected)));

  it('forbids what baseline forbids, and tells that first', () => {
    const names = findings('restricted', {
      ...context({ privileged: true }),
      spec: { hostNetwork: true },
    }).map((text) => text.split(' (')[0]);
    assert.deepEqual(names, [
      'host namespaces',
      'privileged',
      'allowPrivilegeEscalation != false',
      'unrestricted capabilities',
      'runAsNonRoot != true',
      'seccompProfile',
    ]);
  });

  it('looks at init and ephemeral containers', () => {
    const { securityContext } = good().container!;
    const spec: Partial<PodSpec> = {
      ...good().spec,
      initContainers: [{ name: 'i' }],
      ephemeralContainers: [{ name: 'e', securityContext }],
    };
    assert.match(
      findings('restricted', { spec, container: { securityContext } })[0]!,
      /container "i" must set/,
    );
  });
});

describe('versions of the standards', () => {
  const cases: readonly (readonly [string, Level, Case, string, number])[] = [
    [
      'seccomp by annotation until v1.18',
      'baseline',
      { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } },
      'v1.18',
      1,
    ],
    [
      'not any more from v1.19',
      'baseline',
      { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } },
      'v1.19',
      0,
    ],
    [
      'seccomp by field not before v1.19',
      'baseline',
      podContext({ seccompProfile: { type: 'Unconfined' } }),
      'v1.18',
      0,
    ],
    ['capabilities to drop not before v1.22', 'restricted', good({ capabilities: {} }), 'v1.21', 0],
    ['capabilities to drop from v1.22', 'restricted', good({ capabilities: {} }), 'v1.22', 1],
    [
      'sysctls of v1.27',
      'baseline',
      podContext({ sysctls: [{ name: 'net.ipv4.ip_local_reserved_ports', value: '' }] }),
      'v1.26',
      1,
    ],
    [
      'sysctls of v1.29',
      'baseline',
      podContext({ sysctls: [{ name: 'net.ipv4.tcp_fin_timeout', value: '' }] }),
      'v1.28',
      1,
    ],
    ['user 0 not before v1.23', 'restricted', good({ runAsUser: 0 }), 'v1.22', 0],
    [
      'hosts of probes not before v1.34',
      'baseline',
      { container: { livenessProbe: { httpGet: { host: 'h', port: 1 } } } },
      'v1.33',
      0,
    ],
    ['a version that is yet to come', 'baseline', context({ privileged: true }), 'v1.99', 1],
  ];
  for (const [what, level, pod, version, count] of cases)
    it(what, () => assert.equal(findings(level, pod, version).length, count));
});
