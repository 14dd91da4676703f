// The pods of this node and the policies that apply to them: classes, and what the policies' rules ask about peers.
import { DIRECTIONS, createClasses } from './classes.ts';
import type { Facts } from './facts.ts';
import type { Namespaces } from './namespaces.ts';
import type { Numbers } from './numbers.ts';
import { createPolicies } from './policies.ts';
import type { Policies } from './policies.ts';
import type { Profiles } from './profiles.ts';
import type { PodClass, Profile } from './records.ts';
import { createSelection } from './selection.ts';
import { createSides } from './sides.ts';
import type { Asked, Sides } from './sides.ts';

export type Subjects = {
  readonly policies: Pick<Policies, 'put' | 'remove'>;
  readonly sides: Pick<Sides, 'portFacts' | 'factsOf' | 'domains'>;
  /** Takes what is new about policies; the profiles are those that may be selected by others than before. */
  readonly update: (profiles: ReadonlySet<Profile>) => SubjectsChange;
};

export type SubjectsChange = {
  /** Profiles whose classes may be others. */
  readonly affected: ReadonlySet<Profile>;
  readonly born: ReadonlySet<PodClass>;
  readonly dead: readonly PodClass[];
  /** Classes with the same policies as before, of which some are others than they were. */
  readonly rewritten: ReadonlySet<PodClass>;
  readonly asked: Asked;
};

export const createSubjects = (
  profiles: Profiles,
  { labelsOf }: Namespaces,
  facts: Facts,
  numbers: Numbers,
): Subjects => {
  const policies = createPolicies();
  const selection = createSelection(policies, profiles);
  const classes = createClasses(numbers);
  const sides = createSides(facts);
  return {
    policies,
    sides,
    update: (changedProfiles) => {
      const changed = policies.takeChanged();
      const affected = selection.update(changed, changedProfiles, labelsOf);
      affected.forEach(classes.assign);
      const { born, dead } = classes.takeChanged();
      const concerned = [...born, ...dead].flatMap((podClass) => podClass.policies);
      for (const policy of new Set([...changed, ...concerned]))
        for (const direction of DIRECTIONS) sides.refresh(policy, direction);
      const rewritten = [...changed].flatMap(({ directions }) =>
        DIRECTIONS.flatMap((direction) => [...directions[direction].classes]),
      );
      const isBorn = new Set(born);
      return {
        affected,
        born: isBorn,
        dead,
        rewritten: new Set(rewritten).difference(isBorn),
        asked: sides.takeChanged(),
      };
    },
  };
};
