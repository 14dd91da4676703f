// What a write makes of an object: defaults, admission, status. Manifests in, objects out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Deployment, Namespace, Pod, Secret, Service } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { createAdmission } from '../../../test/support/admission.ts';

const object = <T extends KubeObject>(kind: string, yaml: string): T =>
  ({
    kind,
    metadata: { name: 'a', namespace: 'default' },
    ...(parse(yaml) as object),
  }) as unknown as T;

const stored = <T extends KubeObject>(kind: string, yaml: string): T =>
  createAdmission().create(object<T>(kind, yaml));

const containerDefaults = {
  imagePullPolicy: 'Always',
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  resources: {},
};

describe('a pod', () => {
  it('gets what kube-apiserver and its admission plugins give it', () => {
    const { spec, status } = stored<Pod>(
      'Pod',
      'spec: { containers: [{ name: c, image: nginx, ports: [{ containerPort: 80 }] }] }',
    );
    const volume = spec!.volumes![0]!.name;
    assert.match(volume, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.deepEqual(spec, {
      containers: [
        {
          name: 'c',
          image: 'nginx',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          ...containerDefaults,
          volumeMounts: [
            { name: volume, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
          ],
        },
      ],
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      enableServiceLinks: true,
      serviceAccountName: 'default',
      serviceAccount: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      tolerations: ['not-ready', 'unreachable'].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      volumes: [
        {
          name: volume,
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
              { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
              {
                downwardAPI: {
                  items: [
                    { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
                  ],
                },
              },
            ],
            defaultMode: 420,
          },
        },
      ],
    });
    assert.deepEqual(status, { phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('that mounts no token gets no volume; one without an account is refused', () => {
    const { spec } = stored<Pod>(
      'Pod',
      'spec: { automountServiceAccountToken: false, containers: [{ name: c, image: a:1 }] }',
    );
    assert.equal(spec?.volumes, undefined);
    assert.throws(
      () => stored('Pod', 'spec: { serviceAccountName: robot, containers: [{ name: c, image: a }] }'),
      {
        message:
          'pods "a" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
      },
    );
  });

  it('pulls an image anew that may change under its name', () => {
    const policyOf = (image: string): string =>
      stored<Pod>('Pod', `spec: { containers: [{ name: c, image: '${image}' }] }`).spec!.containers[0]!
        .imagePullPolicy!;
    assert.deepEqual(['a', 'a:latest', 'host:5000/a', 'a:1', 'host:5000/a:1', 'a@sha256:00'].map(policyOf), [
      'Always',
      'Always',
      'Always',
      'IfNotPresent',
      'IfNotPresent',
      'IfNotPresent',
    ]);
  });

  it('has its probes, volumes and variables filled in', () => {
    const { spec } = stored<Pod>(
      'Pod',
      `spec:
        automountServiceAccountToken: false
        containers:
          - name: c
            image: a:1
            livenessProbe: { httpGet: { port: 80 } }
            env: [{ name: N, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
        volumes: [{ name: e }, { name: m, configMap: { name: m } }]`,
    );
    const [container] = spec!.containers;
    assert.deepEqual(container!.livenessProbe, {
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
    assert.equal(container!.env![0]!.valueFrom!.fieldRef!.apiVersion, 'v1');
    assert.deepEqual(spec!.volumes, [
      { name: 'e', emptyDir: {} },
      { name: 'm', configMap: { name: 'm', defaultMode: 420 } },
    ]);
  });

  it('has canonical resources and the quality of service that follows', () => {
    const pod = (resources: string): Pod =>
      stored<Pod>('Pod', `spec: { containers: [{ name: c, image: a, resources: ${resources} }] }`);
    const guaranteed = pod('{ limits: { cpu: 0.5, memory: 1024Mi } }');
    const limits = { cpu: '500m', memory: '1Gi' };
    assert.deepEqual(guaranteed.spec!.containers[0]!.resources, { limits, requests: limits });
    assert.equal(guaranteed.status?.qosClass, 'Guaranteed');
    assert.equal(pod('{ requests: { cpu: 1m } }').status?.qosClass, 'Burstable');
  });

  it('an update changes nothing that the user left alone', () => {
    const { create, update } = createAdmission();
    const pod = create(object<Pod>('Pod', 'spec: { containers: [{ name: c, image: a }] }'));
    assert.deepEqual(update(pod), pod);
  });
});

it('a Deployment gets the defaults of its rollout and of its template', () => {
  const { spec, status } = stored<Deployment>(
    'Deployment',
    `spec:
      selector: { matchLabels: { app: a } }
      template: { metadata: { labels: { app: a } }, spec: { containers: [{ name: c, image: a }] } }
status: { replicas: 7 }`,
  );
  assert.deepEqual(spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    selector: { matchLabels: { app: 'a' } },
    template: {
      metadata: { labels: { app: 'a' } },
      spec: {
        containers: [{ name: 'c', image: 'a', ...containerDefaults }],
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
      },
    },
  });
  assert.deepEqual(status, {});
});

it('only a pod on the host network has its ports on the host filled in, a template does not', () => {
  const spec = '{ hostNetwork: true, containers: [{ name: c, image: a, ports: [{ containerPort: 80 }] }] }';
  const pod = stored<Pod>('Pod', `spec: ${spec}`);
  const deployment = stored<Deployment>(
    'Deployment',
    `spec: { selector: { matchLabels: { app: a } }, template: { metadata: { labels: { app: a } }, spec: ${spec} } }`,
  );
  const [own, planned] = [pod.spec, deployment.spec?.template.spec].map((each) => each!.containers[0]!.ports);
  assert.deepEqual(own, [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
  assert.deepEqual(planned, [{ containerPort: 80, protocol: 'TCP' }]);
});

it('a Service gets protocols, target ports and policies', () => {
  const { spec, status } = stored<Service>(
    'Service',
    'spec: { clusterIP: 10.96.0.9, ports: [{ port: 80 }] }',
  );
  assert.deepEqual(spec, {
    type: 'ClusterIP',
    clusterIP: '10.96.0.9',
    clusterIPs: ['10.96.0.9'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
    sessionAffinity: 'None',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
  assert.deepEqual(status, { loadBalancer: {} });
});

it('a Namespace has its name as a label and waits for its content when it goes', () => {
  const namespace = stored<Namespace>('Namespace', 'metadata: { name: web }');
  assert.deepEqual(namespace.metadata?.labels, { 'kubernetes.io/metadata.name': 'web' });
  assert.deepEqual(namespace.spec, { finalizers: ['kubernetes'] });
  assert.deepEqual(namespace.status, { phase: 'Active' });
});

it("a Secret's stringData is stored as data only", () => {
  const secret = stored<Secret>('Secret', 'stringData: { p: w }\ndata: { q: dw== }');
  assert.deepEqual(secret.data, { p: 'dw==', q: 'dw==' });
  assert.equal(secret.stringData, undefined);
  assert.equal(secret.type, 'Opaque');
});
