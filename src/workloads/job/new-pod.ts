// The pod that a Job makes. kubernetes pkg/controller/job/indexed_job_utils.go (1.36).
import type { Container, EnvVar, Job, Pod, PodSpec } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { jobs } from '../../k8s/resources.ts';
import { podFromTemplate } from '../pods/template.ts';
import {
  INDEX,
  INDEX_FAILURES,
  INDEX_IGNORED_FAILURES,
  type IndexFailures,
  TRACKING_FINALIZER,
} from './pods.ts';

const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX';
/** The API server adds five letters to a generateName; a name has at most 63. */
const PREFIX_MAX = 58;

/** `failures`: with backoffLimitPerIndex. */
export type PodPlace = { readonly index: number; readonly failures: IndexFailures | undefined };

/** `place`: of an Indexed Job. */
export const jobPod = (job: Stored<Job>, place: PodPlace | undefined): Pod => {
  const pod = podFromTemplate(jobs, job, job.spec?.template);
  const finalizers = [...new Set([...(pod.metadata?.finalizers ?? []), TRACKING_FINALIZER])];
  const metadata = { ...pod.metadata, finalizers };
  if (!place) return { ...pod, metadata };
  const { index, failures } = place;
  const { name } = job.metadata;
  return {
    metadata: {
      ...metadata,
      generateName: indexedPrefix(name, index),
      labels: { ...metadata.labels, [INDEX]: String(index) },
      annotations: { ...metadata.annotations, [INDEX]: String(index), ...failureAnnotations(failures) },
    },
    spec: indexedSpec(pod.spec!, `${name}-${index}`),
  };
};

const indexedPrefix = (name: string, index: number): string => {
  const end = `-${index}-`;
  return `${name.slice(0, PREFIX_MAX - end.length)}${end}`;
};

const failureAnnotations = (failures: IndexFailures | undefined): Record<string, string> => {
  if (!failures) return {};
  const { counted, ignored } = failures;
  const both = ignored > 0 ? { [INDEX_IGNORED_FAILURES]: String(ignored) } : {};
  return { [INDEX_FAILURES]: String(counted), ...both };
};

const indexedSpec = (spec: PodSpec, hostname: string): PodSpec => ({
  ...spec,
  hostname,
  containers: spec.containers.map(withIndex),
  ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
});

const withIndex = (container: Container): Container => {
  const { env = [] } = container;
  if (env.some(({ name }) => name === INDEX_VARIABLE)) return container;
  const variable: EnvVar = {
    name: INDEX_VARIABLE,
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } },
  };
  return { ...container, env: [...env, variable] };
};
