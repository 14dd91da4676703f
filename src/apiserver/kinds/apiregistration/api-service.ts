import { invalid, required } from '../../../k8s/field-errors.ts';
import type { APIService, APIServiceCondition } from '../../../k8s/generated/types.ts';
import { apiServices } from '../../../k8s/resources.ts';
import { formatTime } from '../../../k8s/time.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { type FieldErrors, when } from '../../validation/compose.ts';
import { defineKind } from '../define-kind.ts';

/** One a group version, made by the server itself; those that name a Service are stored, and not available. */
export const apiServiceKind = defineKind<APIService>({
  resource: apiServices,
  singular: 'apiservice',
  shortNames: [],
  categories: ['api-extensions'],
  definition: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  nameRule: 'path',
  subresources: ['status'],
  hasGeneration: false,
  columns: [NAME, ...texts('Service', 'Available'), AGE],
  row: (object, nowMs) => [
    nameCell(object),
    serviceCell(object),
    availableCell(object),
    ageCell(object, nowMs),
  ],
  fields: {},
  applyDefaults: ({ spec }) => {
    if (spec?.service) spec.service.port ??= 443;
  },
  prepareForCreate: (object, { nowMs }) => {
    object.status = { conditions: [availability(object as APIService, nowMs)] };
  },
  validate: (object) => [...named(object), ...specified(object)],
});

/** kube-aggregator pkg/controllers/status/local: what is served here is always there. */
const availability = ({ spec }: APIService, nowMs: number): APIServiceCondition => ({
  type: 'Available',
  ...(spec?.service
    ? {
        status: 'False',
        reason: 'NotAggregated',
        message: 'this API server does not pass requests on to other API servers',
      }
    : { status: 'True', reason: 'Local', message: 'Local APIServices are always available' }),
  lastTransitionTime: formatTime(nowMs),
});

const named = ({ metadata, spec }: APIService): FieldErrors => {
  const wanted = `${spec?.version ?? ''}.${spec?.group ?? ''}`;
  return when(metadata?.name !== wanted, () =>
    invalid('metadata.name', metadata?.name ?? '', `must be \`spec.version+"."+spec.group\`: "${wanted}"`),
  );
};

const specified = ({ spec }: APIService): FieldErrors => {
  const { version, groupPriorityMinimum = 0, versionPriority = 0, service } = spec ?? {};
  return [
    ...when(!version, () => required('spec.version')),
    ...when(groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000, () =>
      invalid('spec.groupPriorityMinimum', groupPriorityMinimum, 'must be positive and less than 20000'),
    ),
    ...when(versionPriority <= 0 || versionPriority > 1000, () =>
      invalid('spec.versionPriority', versionPriority, 'must be positive and less than 1000'),
    ),
    ...when(service !== undefined && !service.namespace, () => required('spec.service.namespace')),
    ...when(service !== undefined && !service.name, () => required('spec.service.name')),
  ];
};

const serviceCell = ({ spec }: APIService): string =>
  spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local';

const availableCell = ({ status }: APIService): string => {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`;
};
