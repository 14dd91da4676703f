// Where the parts of a definition stand for messages: kube-apiserver keeps what all versions have alike once, above them.
// Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/conversion.go.
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from '../../../k8s/generated/types.ts';
import { equalJson } from '../../../lang/json.ts';
import type { Schema } from '../structural/schema.ts';

/** A part, and the path that it is known by. */
export type Part<T> = {
  readonly path: string;
  readonly value: T;
  readonly version: CustomResourceDefinitionVersion;
};

type Versions = readonly CustomResourceDefinitionVersion[];

const partsOf = <T>(
  versions: Versions,
  part: (version: CustomResourceDefinitionVersion) => T | undefined,
  shared: string,
  own: string,
): readonly Part<T>[] => {
  const [first] = versions;
  if (!first) return [];
  const common = part(first);
  if (versions.every((version) => equalJson(part(version), common)))
    return common === undefined ? [] : [{ path: `spec.${shared}`, value: common, version: first }];
  return versions.flatMap((version, index) => {
    const value = part(version);
    return value === undefined ? [] : [{ path: `spec.versions[${index}].${own}`, value, version }];
  });
};

export const schemaParts = ({ spec }: CustomResourceDefinition): readonly Part<Schema>[] =>
  partsOf(
    spec.versions,
    ({ schema }) => schema?.openAPIV3Schema as Schema | undefined,
    'validation.openAPIV3Schema',
    'schema.openAPIV3Schema',
  );

export const subresourceParts = ({
  spec,
}: CustomResourceDefinition): readonly Part<CustomResourceSubresources>[] =>
  partsOf(spec.versions, ({ subresources }) => subresources, 'subresources', 'subresources');

export const columnParts = ({
  spec,
}: CustomResourceDefinition): readonly Part<readonly CustomResourceColumnDefinition[]>[] =>
  partsOf(
    spec.versions,
    ({ additionalPrinterColumns: columns }) => columns,
    'additionalPrinterColumns',
    'additionalPrinterColumns',
  );

export const selectableParts = ({
  spec,
}: CustomResourceDefinition): readonly Part<readonly SelectableField[]>[] =>
  partsOf(spec.versions, ({ selectableFields: fields }) => fields, 'selectableFields', 'selectableFields');
