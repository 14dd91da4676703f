// What kubectl shows of a binding: the role, and by -o wide the subjects of each kind.
import type { RoleBinding, Subject } from '../../k8s/generated/types.ts';
import type { Cell } from '../kind.ts';

export const roleCell = ({ roleRef }: Pick<RoleBinding, 'roleRef'>): Cell =>
  `${roleRef.kind}/${roleRef.name}`;

/** Users, groups, ServiceAccounts. */
export const subjectCells = ({ subjects = [] }: Pick<RoleBinding, 'subjects'>): readonly Cell[] => {
  const of = (kind: string, text: (subject: Subject) => string): Cell =>
    subjects
      .filter((subject) => subject.kind === kind)
      .map(text)
      .join(', ');
  return [
    of('User', ({ name }) => name),
    of('Group', ({ name }) => name),
    of('ServiceAccount', ({ namespace = '', name }) => `${namespace}/${name}`),
  ];
};
