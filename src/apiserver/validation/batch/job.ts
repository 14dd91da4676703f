// Rules for Jobs (kubernetes pkg/apis/batch/validation/validation.go).
import { invalid, notSupported, required, tooLong } from '../../../k8s/field-errors.ts';
import type { Job, JobSpec, PodSpec, PodTemplateSpec } from '../../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../../k8s/labels.ts';
import { dns1123Label } from '../../../k8s/name-rules.ts';
import { equalJson } from '../../../lang/json.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { labelSelector } from '../labels.ts';
import { podTemplate } from '../pod.ts';
import { FIELD_IMMUTABLE, notNegative, optionalOneOf } from '../scalars.ts';
import { domainPrefixedPath } from '../texts.ts';
import { failurePolicy, successPolicy } from './job-policies.ts';

const INDEXED_MAX = 100_000;
const PARALLELISM_MAX_FOR_MANY = 10_000;
const MANAGED_BY_MAX = 63;

export const validateJob = ({ metadata, spec }: Job, _context: unknown, before?: Job): FieldErrors =>
  ifSet(spec, (value) => [
    ...(before ? [] : generatedLabels(metadata ?? {}, value)),
    ...jobSpec(value, 'spec'),
    ...selector(value),
    ...(before ? [] : indexedHostname(metadata?.name ?? '', value)),
  ]);

/** The pods' host names end with the index. */
const indexedHostname = (name: string, { completionMode, completions }: JobSpec): FieldErrors => {
  if (completionMode !== 'Indexed' || !completions) return [];
  const longest = `${name}-${completions - 1}`;
  return when(dns1123Label(longest).length > 0, () =>
    invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`),
  );
};

/** Both the prefixed names and those from before Kubernetes had prefixes. */
export const jobLabels = (name: string, uid: string): Readonly<Record<string, string>> => ({
  'controller-uid': uid,
  'job-name': name,
  'batch.kubernetes.io/controller-uid': uid,
  'batch.kubernetes.io/job-name': name,
});

const generatedLabels = (
  { name = '', uid = '' }: NonNullable<Job['metadata']>,
  { manualSelector, selector: chosen, template }: JobSpec,
): FieldErrors => {
  if (manualSelector || !chosen) return [];
  const present = template.metadata?.labels ?? {};
  const expected = jobLabels(name, uid);
  return [
    ...Object.entries(expected).flatMap(([key, value]) => {
      if (present[key] === undefined)
        return [required('spec.template.metadata.labels', `must be '${value}'`)];
      return when(present[key] !== value, () =>
        invalid('spec.template.metadata.labels', present, `must be '${value}'`),
      );
    }),
    ...when(!labelSelectorMatches(chosen, expected), () =>
      invalid('spec.selector', chosen, '`selector` not auto-generated'),
    ),
  ];
};

const selector = ({ selector: chosen, template }: JobSpec): FieldErrors => {
  if (!chosen) return [required('spec.selector')];
  return [
    ...labelSelector(chosen, 'spec.selector'),
    ...when(!labelSelectorMatches(chosen, template.metadata?.labels), () =>
      invalid(
        'spec.template.metadata.labels',
        template.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    ),
  ];
};

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

/** Also of the Jobs that a CronJob makes. */
export const jobSpec = (spec: JobSpec, path: string): FieldErrors => [
  ...COUNTS.flatMap((name) => notNegative(spec[name], `${path}.${name}`)),
  ...when(spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined, () =>
    required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'),
  ),
  ...ifSet(spec.managedBy, (name) => [
    ...domainPrefixedPath(name, `${path}.managedBy`),
    ...when(name.length > MANAGED_BY_MAX, () => tooLong(`${path}.managedBy`, MANAGED_BY_MAX)),
  ]),
  ...optionalOneOf(spec.completionMode, ['NonIndexed', 'Indexed'], `${path}.completionMode`),
  ...(spec.completionMode === 'Indexed' ? indexed(spec, path) : notIndexed(spec, path)),
  ...failurePolicy(spec, `${path}.podFailurePolicy`),
  ...successPolicy(spec, `${path}.successPolicy`),
  ...optionalOneOf(
    spec.podReplacementPolicy,
    spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'],
    `${path}.podReplacementPolicy`,
  ),
  ...podTemplate(spec.template, `${path}.template`),
  ...restartPolicy(spec, `${path}.template.spec.restartPolicy`),
];

const indexed = (spec: JobSpec, path: string): FieldErrors => {
  const { completions, parallelism, maxFailedIndexes } = spec;
  return [
    ...when(completions === undefined, () =>
      required(`${path}.completions`, 'when completion mode is Indexed'),
    ),
    ...atMost(parallelism, INDEXED_MAX, `${path}.parallelism`, ' when completion mode is Indexed'),
    ...when((maxFailedIndexes ?? 0) > (completions ?? Infinity), () =>
      invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions'),
    ),
    ...atMost(maxFailedIndexes, INDEXED_MAX, `${path}.maxFailedIndexes`, ''),
    ...manyIndexes(spec, path),
  ];
};

/** Very many indexes with a limit for each: their lists in the status have to stay short. */
const manyIndexes = (spec: JobSpec, path: string): FieldErrors => {
  const { completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec;
  if ((completions ?? 0) <= INDEXED_MAX || backoffLimitPerIndex === undefined) return [];
  const why = ` when completions are above ${INDEXED_MAX} and used with backoff limit per index`;
  return [
    ...when(maxFailedIndexes === undefined, () =>
      required(`${path}.maxFailedIndexes`, `must be specified when completions is above ${INDEXED_MAX}`),
    ),
    ...atMost(parallelism, PARALLELISM_MAX_FOR_MANY, `${path}.parallelism`, why),
    ...atMost(maxFailedIndexes, PARALLELISM_MAX_FOR_MANY, `${path}.maxFailedIndexes`, why),
  ];
};

const atMost = (value: number | undefined, most: number, path: string, why: string): FieldErrors =>
  when((value ?? 0) > most, () => invalid(path, value, `must be less than or equal to ${most}${why}`));

const notIndexed = (spec: JobSpec, path: string): FieldErrors =>
  (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((name) =>
    ifSet(spec[name], (value) => [invalid(`${path}.${name}`, value, 'requires indexed completion mode')]),
  );

const restartPolicy = ({ template, podFailurePolicy }: JobSpec, path: string): FieldErrors => {
  const policy = template.spec?.restartPolicy;
  if (!policy || policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never')
    return [notSupported(path, policy, ['OnFailure', 'Never'])];
  return when(podFailurePolicy !== undefined && policy !== 'Never', () =>
    invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified'),
  );
};

const FIXED = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

export const validateJobUpdate = (after: Job, before: Job): FieldErrors => {
  const [spec, old] = [after.spec!, before.spec!];
  return [
    ...completionsUpdate(spec, old),
    ...FIXED.flatMap((name) =>
      when(!equalJson(spec[name], old[name]), () =>
        invalid(`spec.${name}`, spec[name] ?? null, FIELD_IMMUTABLE),
      ),
    ),
    ...when(!equalJson(fixedTemplate(spec.template, before), fixedTemplate(old.template, before)), () =>
      invalid('spec.template', spec.template, FIELD_IMMUTABLE),
    ),
  ];
};

const completionsUpdate = (spec: JobSpec, old: JobSpec): FieldErrors => {
  if (spec.completions === old.completions || spec.completions === undefined) {
    return when(spec.completions !== old.completions && spec.completionMode !== 'Indexed', () =>
      invalid('spec.completions', null, FIELD_IMMUTABLE),
    );
  }
  if (spec.completionMode !== 'Indexed')
    return [invalid('spec.completions', spec.completions, FIELD_IMMUTABLE)];
  return when(spec.completions !== spec.parallelism, () =>
    invalid('spec.completions', spec.completions, 'can only be modified in tandem with spec.parallelism'),
  );
};

/** Before a suspended Job has started, queueing systems may still decide where its pods go (KEP-2926). */
const fixedTemplate = (template: PodTemplateSpec, before: Job): unknown => {
  const isWaiting = before.spec?.suspend === true && before.status?.startTime === undefined;
  if (!isWaiting) return template;
  const {
    nodeSelector: _selector,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...rest
  } = template.spec ?? ({} as PodSpec);
  const { nodeAffinity: _node, ...affinity } = rest.affinity ?? {};
  const hasOther = Object.keys(affinity).length > 0;
  return { spec: { ...rest, affinity: hasOther ? affinity : undefined } };
};
