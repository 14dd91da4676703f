// The names of a definition.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { CustomResourceDefinitionNames } from '../../../k8s/generated/types.ts';
import { dns1035Label, dns1123Subdomain } from '../../../k8s/name-rules.ts';

export const groupErrors = (group: string): readonly FieldError[] => {
  if (!group) return [required('spec.group')];
  const findings = dns1123Subdomain(group);
  if (findings.length > 0) return [invalid('spec.group', group, findings.join(','))];
  return group.includes('.')
    ? []
    : [invalid('spec.group', group, 'should be a domain with at least one dot')];
};

/** All four are needed; two of them have been set where they were left out. */
export const nameErrors = (names: CustomResourceDefinitionNames, path: string): readonly FieldError[] => {
  const { plural, singular, kind, listKind } = names;
  return [
    ...Object.entries({ plural, singular, kind, listKind }).flatMap(([name, value]) =>
      value ? [] : [required(`${path}.${name}`)],
    ),
    ...labelErrors(plural, `${path}.plural`),
    ...labelErrors(singular, `${path}.singular`),
    ...kindErrors(kind, `${path}.kind`),
    ...kindErrors(listKind, `${path}.listKind`),
    ...(names.shortNames ?? []).flatMap((name, i) => labelErrors(name, `${path}.shortNames[${i}]`)),
    ...(kind && kind === listKind
      ? [invalid(`${path}.listKind`, listKind, 'kind and listKind may not be the same')]
      : []),
    ...(names.categories ?? []).flatMap((name, i) => labelErrors(name, `${path}.categories[${i}]`)),
  ];
};

const labelErrors = (name: string | undefined, path: string): readonly FieldError[] => {
  const findings = name ? dns1035Label(name) : [];
  return findings.length > 0 ? [invalid(path, name, findings.join(','))] : [];
};

const kindErrors = (name: string | undefined, path: string): readonly FieldError[] => {
  const findings = name ? dns1035Label(name.toLowerCase()) : [];
  return findings.length > 0
    ? [invalid(path, name, `may have mixed case, but should otherwise match: ${findings.join(',')}`)]
    : [];
};
