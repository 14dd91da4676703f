// Finds what a path's group, version and resource name: a kind of the table, or a resource that answers and stores nothing.
import type { Kind } from '../kind.ts';
import type { ResourcePath } from './request-path.ts';

type Names = Pick<ResourcePath, 'group' | 'version' | 'resource'>;

export type KindIndex = { readonly find: (names: Names) => Kind | undefined };

const keyOf = ({ group, version, resource }: Names): string => `${group}/${version}/${resource}`;

export const createKindIndex = (kinds: readonly Kind[]): KindIndex => {
  const byName = new Map(kinds.map((kind) => [keyOf(kind.resource), kind]));
  return { find: (names) => byName.get(keyOf(names)) };
};
