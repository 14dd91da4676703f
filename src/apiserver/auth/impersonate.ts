// Acting as somebody else: the Impersonate-* headers, each of which needs the verb `impersonate` on what it names.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation; order and words:
// k8s.io/apiserver/pkg/endpoints/filters/impersonation.
import { badRequest } from '../status-errors.ts';
import type { User } from '../registry.ts';
import type { Access } from './access.ts';
import { demand } from './authorize.ts';
import {
  ANONYMOUS,
  AUTHENTICATED,
  UNAUTHENTICATED,
  accountGroups,
  accountOf,
  accountUserName,
} from './users.ts';

/** One header, as what it asks for. */
type Wish =
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'User' | 'Group' | 'UID'; readonly name: string }
  | { readonly kind: 'UserExtra'; readonly key: string; readonly name: string };

/**
 * Who the request is to be made as; undefined: as who it comes from. `rawHeaders` are names and values in turn: Node joins
 * repeated headers by commas, which group names may contain. Throws 400 and 403.
 */
export const impersonated = (access: Access, user: User, rawHeaders: readonly string[]): User | undefined => {
  const wishes = wishesOf(headerPairs(rawHeaders));
  if (wishes.length === 0) return undefined;
  if (!wishes.some(({ kind }) => kind === 'User' || kind === 'ServiceAccount'))
    throw badRequest(`requested [${wishes.map(goText).join(' ')}] without impersonating a user`);
  for (const wish of wishes)
    demand(access, user, { kind: 'resource', verb: 'impersonate', ...targetOf(wish) });
  return userOf(wishes);
};

type Header = { readonly name: string; readonly value: string };

const PREFIX = 'impersonate-';

const headerPairs = (rawHeaders: readonly string[]): readonly Header[] => {
  const pairs: Header[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (name.startsWith(PREFIX))
      pairs.push({ name: name.slice(PREFIX.length), value: rawHeaders[index + 1]! });
  }
  return pairs;
};

const EXTRA = 'extra-';

const wishesOf = (headers: readonly Header[]): readonly Wish[] => {
  const first = (name: string): string | undefined => headers.find((header) => header.name === name)?.value;
  const [user, uid] = [first('user'), first('uid')];
  return [
    ...(user ? [userWish(user)] : []),
    ...headers
      .filter(({ name }) => name === 'group')
      .map(({ value }): Wish => ({ kind: 'Group', name: value })),
    ...headers
      .filter(({ name }) => name.startsWith(EXTRA))
      .map(({ name, value }): Wish => ({
        kind: 'UserExtra',
        key: unescaped(name.slice(EXTRA.length)),
        name: value,
      })),
    ...(uid ? [{ kind: 'UID', name: uid } as const] : []),
  ];
};

const userWish = (name: string): Wish => {
  const account = accountOf(name);
  return account ? { kind: 'ServiceAccount', ...account } : { kind: 'User', name };
};

const unescaped = (key: string): string => {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
};

const AUTHENTICATION = { group: 'authentication.k8s.io', version: 'v1' } as const;
const CORE = { group: '', version: 'v1' } as const;

const targetOf = (wish: Wish) => {
  const { name } = wish;
  switch (wish.kind) {
    case 'ServiceAccount':
      return { ...CORE, resource: 'serviceaccounts', namespace: wish.namespace, name };
    case 'User':
      return { ...CORE, resource: 'users', name };
    case 'Group':
      return { ...CORE, resource: 'groups', name };
    case 'UserExtra':
      return { ...AUTHENTICATION, resource: 'userextras', subresource: wish.key, name };
    case 'UID':
      return { ...AUTHENTICATION, resource: 'uids', name };
    default:
      return wish satisfies never;
  }
};

const userOf = (wishes: readonly Wish[]): User => {
  const of = (kind: Wish['kind']): readonly string[] =>
    wishes.filter((wish) => wish.kind === kind).map(({ name }) => name);
  const account = wishes.find((wish) => wish.kind === 'ServiceAccount');
  const name = account ? accountUserName(account.namespace, account.name) : of('User')[0]!;
  const asked = of('Group');
  const groups = asked.length === 0 && account ? accountGroups(account.namespace) : asked;
  const [uid] = of('UID');
  return {
    name,
    ...(uid === undefined ? {} : { uid }),
    groups: completed(name, groups),
    extra: extraOf(wishes),
  };
};

/** Whoever is not anonymous is authenticated, unless the headers say otherwise. */
const completed = (name: string, groups: readonly string[]): readonly string[] => {
  if (name === ANONYMOUS.name)
    return groups.includes(UNAUTHENTICATED) ? groups : [...groups, UNAUTHENTICATED];
  return groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED)
    ? groups
    : [...groups, AUTHENTICATED];
};

const extraOf = (wishes: readonly Wish[]): NonNullable<User['extra']> => {
  const extras = wishes.filter((wish) => wish.kind === 'UserExtra');
  return Object.fromEntries(
    [...Map.groupBy(extras, ({ key }) => key)].map(([key, own]) => [key, own.map(({ name }) => name)]),
  );
};

/** A core/v1 ObjectReference as Go prints it with %v. */
const goText = (wish: Wish): string => {
  const isExtra = wish.kind === 'UserExtra' || wish.kind === 'UID';
  const path = wish.kind === 'UserExtra' ? wish.key : '';
  return `{${[wish.kind, '', wish.name, '', isExtra ? 'authentication.k8s.io/v1' : '', '', path].join(' ')}}`;
};
