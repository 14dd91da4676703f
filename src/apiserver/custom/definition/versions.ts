// The versions of a definition, and those that objects may have been stored in.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid } from '../../../k8s/field-errors.ts';
import type { CustomResourceDefinitionVersion } from '../../../k8s/generated/types.ts';
import { dns1035Label } from '../../../k8s/name-rules.ts';

type Versions = readonly CustomResourceDefinitionVersion[];

export const versionErrors = (versions: Versions): readonly FieldError[] => {
  const names = versions.map(({ name }) => name);
  return [
    ...versions.flatMap(ownErrors),
    ...(new Set(names).size < names.length
      ? [invalid('spec.versions', versions, 'must contain unique version names')]
      : []),
    ...(versions.filter(({ storage }) => storage).length === 1
      ? []
      : [invalid('spec.versions', versions, 'must have exactly one version marked as storage version')]),
  ];
};

const ownErrors = (version: CustomResourceDefinitionVersion, index: number): readonly FieldError[] => {
  const path = `spec.versions[${index}]`;
  const findings = dns1035Label(version.name ?? '');
  return [
    ...(findings.length > 0 ? [invalid(`${path}.name`, version.name ?? '', findings.join(','))] : []),
    ...warningFindings(version).map((finding) =>
      invalid(`${path}.deprecationWarning`, version.deprecationWarning, finding),
    ),
  ];
};

const warningFindings = ({
  deprecated,
  deprecationWarning: text,
}: CustomResourceDefinitionVersion): readonly string[] => {
  if (text === undefined) return [];
  if (!deprecated) return ['can only be set for deprecated versions'];
  const odd = Array.from(text).findIndex(
    (letter) => /[^\P{C}]|[\p{Zl}\p{Zp}]/u.test(letter) || /[^\P{Zs} ]/u.test(letter),
  );
  return [
    ...(Buffer.byteLength(text) > 256 ? ['must be <= 256 characters long'] : []),
    ...(text === '' ? ['must not be an empty string'] : []),
    ...(odd >= 0
      ? [`must only contain printable UTF-8 characters; non-printable character found at index ${odd}`]
      : []),
  ];
};

const STORED = 'status.storedVersions';

/** A version stays as long as objects of it may be stored. */
export const storedVersionErrors = (stored: readonly string[], versions: Versions): readonly FieldError[] => {
  if (stored.length === 0) return [invalid(STORED, stored, 'must have at least one stored version')];
  const names = new Set(versions.map(({ name }) => name));
  return [
    ...versions
      .filter(({ storage, name }) => storage && !stored.includes(name))
      .map(({ name }) => invalid(STORED, stored, `must have the storage version ${name}`)),
    ...stored.flatMap((name, index) =>
      names.has(name)
        ? []
        : [
            invalid(
              `${STORED}[${index}]`,
              name,
              `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
            ),
          ],
    ),
  ];
};
