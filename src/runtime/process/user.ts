// As whom a container runs: securityContext first, then the image's USER, looked up in the image's own files.
import type { ContainerSecurity } from '../runtime.ts';

export type ProcessUser = {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
};

/** The text of the image's /etc/passwd and /etc/group; empty where there is none. */
export type UserFiles = { readonly passwd: string; readonly group: string };

type Passwd = { readonly name: string; readonly uid: number; readonly gid: number };
type Group = { readonly name: string; readonly gid: number; readonly members: readonly string[] };

/** `imageUser` is `name`, `uid`, `name:group` or `uid:gid`, as the OCI config has it; throws for an unknown name. */
export const resolveUser = (
  imageUser: string,
  security: Pick<ContainerSecurity, 'runAsUser' | 'runAsGroup' | 'supplementalGroups'>,
  files: UserFiles,
): ProcessUser => {
  const users = parsePasswd(files.passwd);
  const groups = parseGroup(files.group);
  const [userPart = '', groupPart = ''] = security.runAsUser === undefined ? imageUser.split(':') : [];
  const wanted = security.runAsUser === undefined ? userPart : String(security.runAsUser);
  const { uid, entry } = findUser(users, wanted || '0');
  const gid = security.runAsGroup ?? (groupPart ? findGroup(groups, groupPart) : (entry?.gid ?? 0));
  const memberships = groups.filter(({ members }) => entry && members.includes(entry.name));
  const additional = new Set([...memberships.map((group) => group.gid), ...security.supplementalGroups]);
  return { uid, gid, additionalGids: [...additional] };
};

const findUser = (users: readonly Passwd[], text: string): { uid: number; entry: Passwd | undefined } => {
  const byName = users.find(({ name }) => name === text);
  if (byName) return { uid: byName.uid, entry: byName };
  if (!/^\d+$/.test(text)) throw new Error(`unable to find user ${text}: no matching entries in passwd file`);
  const uid = Number(text);
  return { uid, entry: users.find((user) => user.uid === uid) };
};

const findGroup = (groups: readonly Group[], text: string): number => {
  const byName = groups.find(({ name }) => name === text);
  if (byName) return byName.gid;
  if (!/^\d+$/.test(text)) throw new Error(`unable to find group ${text}: no matching entries in group file`);
  return Number(text);
};

const linesOf = (text: string): readonly string[][] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));

const parsePasswd = (text: string): readonly Passwd[] =>
  linesOf(text).map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));

const parseGroup = (text: string): readonly Group[] =>
  linesOf(text).map(([name = '', , gid, members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(',').filter(Boolean),
  }));
