// The columns of a custom resource in kubectl: NAME, and what its definition says.
// Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor.
import type { CustomResourceColumnDefinition } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { ageOf } from '../columns/age.ts';
import { NAME, nameCell } from '../columns/columns.ts';
import { findAll } from '../json-path/find.ts';
import { parseJsonPath } from '../json-path/parse.ts';
import type { JsonPath } from '../json-path/parse.ts';
import type { Cell, Column, Kind } from '../kind.ts';

const AGE: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.',
};

type Source = { readonly type: string; readonly path: JsonPath | undefined };

/** A column whose path cannot be read stays empty. */
export const customColumns = (
  given: readonly CustomResourceColumnDefinition[] = [AGE],
): Pick<Kind, 'columns' | 'row'> => {
  const sources = given.map(({ type, jsonPath }): Source => {
    const parsed = parseJsonPath(jsonPath);
    return { type, path: parsed.ok ? parsed.path : undefined };
  });
  return {
    columns: [NAME, ...given.map(columnOf)],
    row: (object, nowMs) => [nameCell(object), ...sources.map((source) => cellOf(source, object, nowMs))],
  };
};

const columnOf = ({
  name,
  type,
  format,
  description,
  jsonPath,
  priority,
}: CustomResourceColumnDefinition): Column => ({
  name,
  type: type as Column['type'],
  priority: priority ?? 0,
  ...(format && { format }),
  description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
});

// A simple path has one result; of others the first counts.
const cellOf = ({ type, path }: Source, object: KubeObject, nowMs: number): Cell => {
  const [value] = path ? findAll(path, object) : [];
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value, nowMs) : null;
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
};

const dateCell = (text: string, nowMs: number): Cell =>
  Number.isNaN(Date.parse(text)) ? '<invalid>' : ageOf(text, nowMs);
