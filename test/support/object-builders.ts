// Objects for tests: only what matters is said, the rest is as the API server would default it.
import type {
  Deployment,
  DeploymentSpec,
  Node,
  Pod,
  PodSpec,
  PodTemplateSpec,
} from '../../src/k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';

const container = { name: 'web', image: 'nginx' };

/** A template with the label app=web; another image is another template. */
export const templateOf = (image = 'nginx:1'): PodTemplateSpec => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image }] },
});

export const deploymentOf = (spec: Partial<DeploymentSpec> = {}): Deployment => ({
  metadata: { name: 'web', namespace: 'ns' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    template: templateOf(),
    ...spec,
  },
});

export const podOf = (
  name: string,
  spec: Partial<PodSpec> = {},
  labels: Readonly<Record<string, string>> = {},
): Pod => ({
  metadata: { name, namespace: 'ns', labels },
  spec: { containers: [container], schedulerName: 'default-scheduler', ...spec },
  status: { phase: 'Pending' },
});

export const nodeOf = (
  name: string,
  more: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly spec?: Node['spec'];
    readonly allocatable?: Readonly<Record<string, string>>;
  } = {},
): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...more.labels } },
  spec: more.spec ?? {},
  status: {
    allocatable: more.allocatable ?? { cpu: '4', memory: '8Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

/** As the API server would return it: the uid is the name. */
export const storedAs = <T extends KubeObject>(object: T): Stored<T> => {
  const name = object.metadata?.name ?? '';
  const given = { uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { ...object, metadata: { ...given, ...object.metadata, name } } as Stored<T>;
};
