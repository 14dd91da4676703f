// Rules for references to an object in some version of its kind.
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { AutoscalingV2CrossVersionObjectReference } from '../../../k8s/generated/types.ts';
import { pathSegment } from '../../../k8s/name-rules.ts';
import { type FieldErrors, when } from '../compose.ts';

/** What an apiVersion must be: anything, `group/version` or `version`, or with a group. */
export type VersionRule = 'any' | 'readable' | 'with group';

export const targetReference = (
  reference: AutoscalingV2CrossVersionObjectReference | undefined,
  path: string,
  rule: VersionRule,
): FieldErrors => [
  ...segment(reference?.kind, `${path}.kind`),
  ...segment(reference?.name, `${path}.name`),
  ...version(reference?.apiVersion ?? '', `${path}.apiVersion`, rule),
];

export const hasReadableVersion = ({ apiVersion }: AutoscalingV2CrossVersionObjectReference): boolean =>
  (apiVersion ?? '').split('/').length <= 2;

export const segment = (text: string | undefined, path: string, detail = ''): FieldErrors =>
  text ? pathSegment(text).map((finding) => invalid(path, text, finding)) : [required(path, detail)];

const version = (apiVersion: string, path: string, rule: VersionRule): FieldErrors => {
  if (rule === 'any') return [];
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const hasGroup = parts.length === 2 && parts[0] !== '';
  return when(rule === 'with group' && !hasGroup, () =>
    invalid(path, apiVersion, 'apiVersion must specify API group'),
  );
};
