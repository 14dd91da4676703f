// Manifests in, kube-apiserver's findings out: all of an object's at once, in its words.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { EndpointSlice, Pod, Service } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { bootstrapObjects } from '../../embedded/bootstrap-objects.ts';
import { planCluster } from '../../embedded/cluster-config.ts';
import { createAdmission } from '../../../test/support/admission.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const object = <T extends KubeObject>(kind: string, yaml: string): T =>
  ({ kind, metadata: { name: 'a', namespace: 'default' }, ...(parse(yaml) as object) }) as unknown as T;

/** The findings, one a line. */
const refused = (act: () => unknown, ...lines: readonly string[]): void =>
  assert.throws(act, (error: Error) => {
    assert.deepEqual(error.message.split('\n'), lines);
    return true;
  });

const refusedOnCreate = (kind: string, yaml: string, ...lines: readonly string[]): void =>
  refused(() => createAdmission().create(object(kind, yaml)), ...lines);

const podWith = (container: string, spec = ''): string =>
  `spec: { automountServiceAccountToken: false, ${spec} containers: [{ name: c, image: a, ${container} }] }`;

describe('a pod', () => {
  it('without containers', () => {
    refusedOnCreate('Pod', 'spec: {}', 'spec.containers: Required value');
  });

  it('with ports out of range, badly named and twice', () => {
    refusedOnCreate(
      'Pod',
      podWith(
        'ports: [{ containerPort: 99999 }, { containerPort: 0 }, { containerPort: 1, protocol: X, name: Web }]',
      ),
      'spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[1].containerPort: Required value',
      'spec.containers[0].ports[2].name: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.containers[0].ports[2].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    );
    refusedOnCreate(
      'Pod',
      podWith('ports: [{ containerPort: 1, hostPort: 8 }, { containerPort: 2, hostPort: 8 }]'),
      'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8"',
    );
  });

  it('with bad names', () => {
    refusedOnCreate(
      'Pod',
      'spec: { hostname: a.b, containers: [{ name: A, image: x }, { name: b }, { name: b, image: " y" }] }',
      `spec.containers[0].name: Invalid value: "A": ${LABEL}`,
      'spec.containers[1].image: Required value',
      'spec.containers[2].name: Duplicate value: "b"',
      'spec.hostname: Invalid value: "a.b": must not contain dots',
      'spec.containers[2].image: Invalid value: " y": must not have leading or trailing whitespace',
    );
  });

  it('with values that are not among the supported ones', () => {
    refusedOnCreate(
      'Pod',
      podWith('imagePullPolicy: Sometimes', 'restartPolicy: Maybe, dnsPolicy: Mine,'),
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
      'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    );
  });

  it('with volumes that are not there, or not volumes', () => {
    refusedOnCreate(
      'Pod',
      podWith(
        'volumeMounts: [{ name: gone, mountPath: /a }, { name: v, mountPath: /a }]',
        'volumes: [{ name: v, emptyDir: {}, configMap: {} }, { name: v, secret: { secretName: s, defaultMode: 9999 } }],',
      ),
      'spec.volumes[0].configMap.name: Required value',
      'spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type',
      'spec.volumes[1].secret.defaultMode: Invalid value: 9999: must be a number between 0 and 0777 (octal), both inclusive',
      'spec.containers[0].volumeMounts[0].name: Not found: "gone"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    );
  });

  it('with bad variables', () => {
    refusedOnCreate(
      'Pod',
      podWith(
        'env: [{ name: "A=B" }, { name: "" }, { name: C, valueFrom: {} }, { name: D, value: x, valueFrom: { configMapKeyRef: { name: m, key: .. } } }, { name: E, valueFrom: { fieldRef: { fieldPath: spec.x } } }]',
      ),
      'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      'spec.containers[0].env[1].name: Required value',
      'spec.containers[0].env[2].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      'spec.containers[0].env[3].valueFrom.configMapKeyRef.key: Invalid value: "..": must not be \'..\'',
      'spec.containers[0].env[3].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[4].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x',
    );
  });

  it('with bad probes and hooks', () => {
    refusedOnCreate(
      'Pod',
      podWith(
        'livenessProbe: { successThreshold: 2, periodSeconds: -1, tcpSocket: { port: 0 } }, readinessProbe: {}, lifecycle: { preStop: { exec: {}, sleep: { seconds: 1 } } }',
      ),
      'spec.containers[0].lifecycle.preStop.exec.command: Required value',
      'spec.containers[0].lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
      'spec.containers[0].readinessProbe: Required value: must specify a handler type',
    );
  });

  it('that requests more than its limit, or what is no resource', () => {
    refusedOnCreate(
      'Pod',
      podWith(
        'resources: { limits: { cpu: 1, gpu: 1 }, requests: { cpu: 1500m, memory: -1, example.com/x: 1 } }',
      ),
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      'spec.containers[0].resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    );
  });

  it('with init containers that take names or have probes', () => {
    refusedOnCreate(
      'Pod',
      podWith('', 'initContainers: [{ name: c, image: a, readinessProbe: { exec: { command: [x] } } }],'),
      'spec.initContainers[0].name: Duplicate value: "c"',
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    );
  });

  it('that cannot be placed', () => {
    refusedOnCreate(
      'Pod',
      podWith(
        '',
        'tolerations: [{ key: a, operator: Like }], nodeSelector: { "a b": c }, affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: z, operator: In }] }] } } },',
      ),
      "spec.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      'spec.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
    );
  });
});

describe('an update of a pod', () => {
  const { create, update } = createAdmission();
  const pod = create(object<Pod>('Pod', podWith('', 'activeDeadlineSeconds: 60,')));
  const container = pod.spec!.containers[0]!;

  it('may change images and add tolerations', () => {
    const tolerations = [...pod.spec!.tolerations!, { key: 'x', operator: 'Exists' }];
    const spec = { ...pod.spec!, containers: [{ ...container, image: 'b' }], tolerations };
    const fresh = createAdmission();
    fresh.create(pod);
    assert.equal(fresh.update({ ...pod, spec }).spec?.containers[0]?.image, 'b');
  });

  it('may change nothing else', () => {
    refused(
      () => update({ ...pod, spec: { ...pod.spec!, containers: [{ ...container, command: ['x'] }] } }),
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      '  spec.containers[0].command: null -> ["x"]',
    );
    refused(
      () => update({ ...pod, spec: { ...pod.spec!, containers: [container, { ...container, name: 'd' }] } }),
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    );
    refused(
      () => update({ ...pod, spec: { ...pod.spec!, activeDeadlineSeconds: 61, tolerations: [] } }),
      'spec.activeDeadlineSeconds: Invalid value: 61: must be less than or equal to previous value',
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    );
  });
});

describe('a Deployment', () => {
  const deployment = (spec: string, labels = '{ app: a }'): string =>
    `spec: { ${spec} template: { metadata: { labels: ${labels} }, spec: { containers: [{ name: c, image: a }] } } }`;

  it('that does not select its own pods, or selects all', () => {
    refusedOnCreate(
      'Deployment',
      deployment('selector: { matchLabels: { app: b } },'),
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    );
    refusedOnCreate('Deployment', deployment(''), 'spec.selector: Required value');
    refusedOnCreate(
      'Deployment',
      deployment('selector: {},'),
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    );
  });

  it('with impossible numbers', () => {
    refusedOnCreate(
      'Deployment',
      deployment(
        'replicas: -1, progressDeadlineSeconds: 5, minReadySeconds: 5, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 0% } }, selector: { matchLabels: { app: a } },',
      ),
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
      'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
    );
  });

  it('keeps its selector', () => {
    const { create, update } = createAdmission();
    create(object('Deployment', deployment('selector: { matchLabels: { app: a } },', '{ app: a, b: b }')));
    refused(
      () =>
        update(object('Deployment', deployment('selector: { matchLabels: { b: b } },', '{ app: a, b: b }'))),
      'spec.selector: Invalid value: {"matchLabels":{"b":"b"}}: field is immutable',
    );
  });
});

describe('a Service', () => {
  it('without ports, or with ports that clash', () => {
    refusedOnCreate('Service', 'spec: {}', 'spec.ports: Required value');
    refusedOnCreate(
      'Service',
      'spec: { ports: [{ port: 80 }, { name: x, port: 80, targetPort: 0x1ffff }, { name: x, port: 0, protocol: IP }] }',
      'spec.ports[0].name: Required value',
      'spec.ports[1].targetPort: Invalid value: 131071: must be between 1 and 65535, inclusive',
      'spec.ports[2].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[2].protocol: Unsupported value: "IP": supported values: "SCTP", "TCP", "UDP"',
      'spec.ports[2].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[2].name: Duplicate value: "x"',
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    );
  });

  it('whose fields do not fit its type', () => {
    refusedOnCreate(
      'Service',
      'spec: { type: ExternalName, clusterIP: 10.96.0.9, externalTrafficPolicy: Local }',
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
      'spec.externalName: Required value',
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    );
    refusedOnCreate(
      'Service',
      'spec: { ports: [{ port: 80, nodePort: 30000 }], loadBalancerClass: a.b/c, externalIPs: [127.0.0.1, x] }',
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'spec.externalIPs[1]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    );
  });

  it('with addresses that are none, or of one family', () => {
    const addresses = (ips: string): string =>
      `spec: { clusterIP: 10.96.0.9, clusterIPs: ${ips}, ports: [{ port: 80 }] }`;
    refusedOnCreate(
      'Service',
      addresses('[10.96.0.9, 10.96.0.010]'),
      'spec.clusterIPs[1]: Invalid value: "10.96.0.010": must not have leading 0s',
    );
    refusedOnCreate(
      'Service',
      addresses('[10.96.0.9, 10.96.0.8]'),
      'spec.clusterIPs: Invalid value: ["10.96.0.9","10.96.0.8"]: may specify no more than one IP for each IP family',
    );
  });

  it('keeps its address', () => {
    const { create, update } = createAdmission();
    create(object<Service>('Service', 'spec: { clusterIP: 10.96.0.9, ports: [{ port: 80 }] }'));
    refused(
      () => update(object<Service>('Service', 'spec: { clusterIP: 10.96.0.8, ports: [{ port: 80 }] }')),
      'spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set',
    );
  });
});

it('Endpoints', () => {
  refusedOnCreate(
    'Endpoints',
    'subsets: [{ ports: [{ port: 80 }] }, { addresses: [{ ip: 169.254.1.1 }], ports: [{ port: 1 }, { name: b, port: 2 }] }]',
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
    'subsets[1].addresses[0].ip: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    'subsets[1].ports[0].name: Required value',
  );
});

describe('an EndpointSlice', () => {
  it('with wrong addresses and ports', () => {
    refusedOnCreate(
      'EndpointSlice',
      'addressType: IPv6\nendpoints: [{ addresses: [10.0.0.1, FD00:0::1, fe80::1] }, { addresses: [] }]\nports: [{ port: 70000 }, {}]',
      'endpoints[0].addresses[0]: Invalid value: "10.0.0.1": must be an IPv6 address',
      'endpoints[0].addresses[2]: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'endpoints[1].addresses: Required value: must contain at least 1 address',
      'ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'ports[1].name: Duplicate value: ""',
    );
  });

  it('whose type of addresses would change', () => {
    const { create, update } = createAdmission();
    const slice = create<EndpointSlice>(object('EndpointSlice', 'addressType: IPv4\nendpoints: []'));
    refused(
      () => update({ ...slice, addressType: 'FQDN' } as EndpointSlice),
      'addressType: Invalid value: "FQDN": field is immutable',
    );
  });

  it('with too many endpoints', () => {
    const endpoints = Array.from({ length: 1001 }, () => ({ addresses: ['10.0.0.1'] }));
    refusedOnCreate(
      'EndpointSlice',
      JSON.stringify({ addressType: 'IPv4', endpoints }),
      'endpoints: Too many: 1001: must have at most 1000 items',
    );
  });
});

describe('ConfigMaps and Secrets', () => {
  it('with keys that are no file names, or of the wrong content', () => {
    refusedOnCreate(
      'ConfigMap',
      'data: { a/b: x, c: y }\nbinaryData: { c: eA== }',
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      'data[c]: Invalid value: "c": duplicate of key present in binaryData',
    );
    refusedOnCreate(
      'Secret',
      'type: kubernetes.io/tls\ndata: { tls.crt: "" }',
      'data[tls.key]: Required value',
    );
  });

  it('with a key that every object inherits are fine', () => {
    createAdmission().create(object('ConfigMap', 'data: { constructor: x }\nbinaryData: { c: eA== }'));
  });

  it('too large', () => {
    const data = JSON.stringify({ data: { a: 'x'.repeat((1 << 20) + 1) } });
    refusedOnCreate('ConfigMap', data, ': Too long: may not be more than 1048576 bytes');
  });

  it('that are immutable, or would change their type', () => {
    const { create, update } = createAdmission();
    create(object('ConfigMap', 'immutable: true\ndata: { a: x }'));
    refused(
      () => update(object('ConfigMap', 'immutable: true\ndata: { a: y }')),
      'data: Forbidden: field is immutable when `immutable` is set',
    );
    create(object('Secret', 'data: {}'));
    refused(
      () => update(object('Secret', 'type: example.com/x')),
      'type: Invalid value: "example.com/x": field is immutable',
    );
  });
});

it('nothing is wrong with what every cluster starts with', () => {
  const config = planCluster({ name: 'a', slot: 0, nodes: 3, zones: [], proxy: 'nftables' });
  const { create } = createAdmission();
  for (const own of [...bootstrapObjects(config).map(({ object: made }) => made)]) create<KubeObject>(own);
});

it('Nodes, Leases and Events', () => {
  refusedOnCreate(
    'Node',
    'spec: { podCIDRs: [10.244.1.1/24, 10.244.2.0/24], taints: [{ key: a, effect: Never }] }',
    'metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    'spec.podCIDRs[0]: Invalid value: "10.244.1.1/24": must not have bits set beyond the prefix length',
    'spec.podCIDRs: Invalid value: ["10.244.1.1/24","10.244.2.0/24"]: may specify no more than one CIDR for each IP family',
  );
  refusedOnCreate(
    'Lease',
    'spec: { leaseDurationSeconds: 0 }',
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
  );
  refusedOnCreate(
    'Event',
    'involvedObject: { namespace: other }',
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  );
});
