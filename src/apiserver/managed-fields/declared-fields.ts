// Declared fields are owned through what lies below them; while fields are removed they count themselves as well, so that a
// struct goes when all of it went.
// Source: sigs.k8s.io/structured-merge-diff/fieldpath/set.go, EnsureNamedFieldsAreMembers.
import { elementsOf, isMember, nodeOf } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { DEDUCED, isDeclared, memberType } from './field-type.ts';
import type { FieldType } from './field-type.ts';

/** The set with every declared field that has something below it. */
export const withDeclaredFields = (type: FieldType, fields: FieldSet): FieldSet => {
  const nodes: Record<string, FieldSet> = {};
  for (const element of elementsOf(fields)) {
    const node = fields[element]!;
    const isNamed = element.startsWith('f:') && isDeclared(type, element.slice(2));
    nodes[element] = nodeOf(withDeclaredFields(typeBelow(type, element), node), isNamed || isMember(node))!;
  }
  return nodes;
};

const typeBelow = (type: FieldType, element: string): FieldType => {
  if (element.startsWith('f:')) return memberType(type, element.slice(2));
  return type.kind === 'list' ? type.items : DEDUCED;
};
