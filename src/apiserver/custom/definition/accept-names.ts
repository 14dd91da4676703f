// Which of its names a definition gets: those that no other definition of its group has.
// Source: k8s.io/apiextensions-apiserver/pkg/controller/status/naming_controller.go.
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
} from '../../../k8s/generated/types.ts';
import type { Condition } from './conditions.ts';

export type Naming = { readonly names: CustomResourceDefinitionNames; readonly condition: Condition };

type Taken = { readonly resources: ReadonlySet<string>; readonly kinds: ReadonlySet<string> };

/** `others`: the other definitions of the group. A name that was accepted stays accepted. */
export const acceptNames = (
  { spec, status }: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): Naming => {
  const taken = takenBy(others);
  const accepted = status?.acceptedNames;
  const conflicts: (readonly [reason: string, message: string])[] = [];
  const settle = (
    name: 'plural' | 'singular' | 'kind' | 'listKind',
    used: ReadonlySet<string>,
    reason: string,
  ): string | undefined => {
    const asked = spec.names[name];
    if (asked === accepted?.[name] || !used.has(asked ?? '')) return asked;
    conflicts.push([reason, inUse(asked!)]);
    return accepted?.[name];
  };
  const { resources, kinds } = taken;
  const names = {
    plural: settle('plural', resources, 'PluralConflict') ?? '',
    singular: settle('singular', resources, 'SingularConflict'),
    shortNames: settleShortNames(spec.names, accepted, resources, conflicts),
    kind: settle('kind', kinds, 'KindConflict') ?? '',
    listKind: settle('listKind', kinds, 'ListKindConflict'),
    categories: spec.names.categories,
  };
  return { names: withoutGaps(names), condition: conditionOf(conflicts.at(-1)) };
};

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;

const takenBy = (others: readonly CustomResourceDefinition[]): Taken => {
  const names = others.flatMap(({ status }) => status?.acceptedNames ?? []);
  const set = (all: readonly (string | undefined)[]) => new Set(all.filter((name) => name !== undefined));
  return {
    resources: set(
      names.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]),
    ),
    kinds: set(names.flatMap(({ kind, listKind }) => [kind, listKind])),
  };
};

const settleShortNames = (
  { shortNames: asked }: CustomResourceDefinitionNames,
  accepted: CustomResourceDefinitionNames | undefined,
  used: ReadonlySet<string>,
  conflicts: (readonly [string, string])[],
): CustomResourceDefinitionNames['shortNames'] => {
  const clashing = (asked ?? []).filter((name) => used.has(name) && !accepted?.shortNames?.includes(name));
  if (clashing.length === 0) return asked;
  const texts = clashing.map(inUse);
  conflicts.push(['ShortNamesConflict', texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`]);
  return accepted?.shortNames;
};

const withoutGaps = (names: CustomResourceDefinitionNames): CustomResourceDefinitionNames =>
  Object.fromEntries(
    Object.entries(names).filter(([, name]) => name !== undefined),
  ) as unknown as CustomResourceDefinitionNames;

const conditionOf = (conflict: readonly [string, string] | undefined): Condition =>
  conflict
    ? { type: 'NamesAccepted', status: 'False', reason: conflict[0], message: conflict[1] }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
