// Rules for IngressClasses (kubernetes pkg/apis/networking/validation/validation.go).
import { forbidden, invalid, notSupported, required, tooLong } from '../../../k8s/field-errors.ts';
import type { IngressClass, IngressClassParametersReference } from '../../../k8s/generated/types.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { FIELD_IMMUTABLE } from '../scalars.ts';
import { dnsLabel, domainPrefixedPath } from '../texts.ts';
import { localReference } from './ingress.ts';

const CONTROLLER_MAX = 250;

export const validateIngressClass = ({ spec }: IngressClass): FieldErrors => {
  const controller = spec?.controller ?? '';
  return [
    ...when(controller.length > CONTROLLER_MAX, () => tooLong('spec.controller', CONTROLLER_MAX)),
    ...domainPrefixedPath(controller, 'spec.controller'),
    ...ifSet(spec?.parameters, (value) => parameters(value, 'spec.parameters')),
  ];
};

const parameters = (value: IngressClassParametersReference, path: string): FieldErrors => [
  ...localReference(value, path),
  ...scope(value, path),
];

const scope = ({ scope: name, namespace }: IngressClassParametersReference, path: string): FieldErrors => {
  switch (name) {
    case undefined:
      return [required(`${path}.scope`)];
    case 'Namespace':
      return namespace === undefined
        ? [required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'")]
        : dnsLabel(namespace, `${path}.namespace`);
    case 'Cluster':
      return when(namespace !== undefined, () =>
        forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'"),
      );
    default:
      return [notSupported(`${path}.scope`, name, ['Cluster', 'Namespace'])];
  }
};

export const validateIngressClassUpdate = (
  { spec }: IngressClass,
  { spec: before }: IngressClass,
): FieldErrors =>
  when(spec?.controller !== before?.controller, () =>
    invalid('spec.controller', spec?.controller ?? '', FIELD_IMMUTABLE),
  );
