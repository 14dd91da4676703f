// The versions of a CustomResourceDefinition.
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../k8s/generated/types.ts';
import type { Schema } from './structural/schema.ts';

type Rank = { readonly major: number; readonly stability: number; readonly minor: number };

/** Undefined for names that do not look like Kubernetes' versions. */
const rankOf = (version: string): Rank | undefined => {
  const [, major, stability, minor] = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version) ?? [];
  if (major === undefined) return undefined;
  const order = stability === undefined ? 2 : stability === 'beta' ? 1 : 0;
  return { major: Number(major), stability: order, minor: Number(minor ?? 0) };
};

/**
 * The best first: `v2`, `v1`, `v1beta2`, `v1alpha1`, then what is named otherwise, by name.
 * k8s.io/apimachinery/pkg/version/helpers.go, CompareKubeAwareVersionStrings.
 */
export const byPriority = (a: string, b: string): number => {
  const [x, y] = [rankOf(a), rankOf(b)];
  if (!x || !y) return x ? -1 : y ? 1 : a < b ? -1 : Number(a > b);
  return y.stability - x.stability || y.major - x.major || y.minor - x.minor;
};

export const storageVersionOf = ({ spec }: CustomResourceDefinition): string =>
  spec.versions.find(({ storage }) => storage)?.name ?? '';

const ANYTHING: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** Of old definitions that specify nothing, objects are kept as they come. */
export const schemaOf = ({ schema }: CustomResourceDefinitionVersion): Schema =>
  (schema?.openAPIV3Schema as Schema | undefined) ?? ANYTHING;

/** `example.com/v1 Foo is deprecated; use example.com/v2 Foo`, or what the author says instead. */
export const deprecationOf = (
  { spec: { group, names, versions } }: CustomResourceDefinition,
  { name, deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined => {
  if (!deprecated) return undefined;
  if (deprecationWarning !== undefined) return deprecationWarning;
  const [successor] = versions
    .filter((each) => each.served && !each.deprecated && byPriority(each.name, name) < 0)
    .map((each) => each.name)
    .sort(byPriority);
  const use = successor === undefined ? '' : `; use ${group}/${successor} ${names.kind}`;
  return `${group}/${name} ${names.kind} is deprecated${use}`;
};
