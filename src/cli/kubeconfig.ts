// The user's kubeconfig: a cluster's context comes and goes, everything else in the file stays as it is.
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Document, type YAMLMap, YAMLSeq, parseDocument } from 'yaml';
import { withFileLock } from '../lang/file-lock.ts';

export type Access = {
  /** The name of context, cluster and user alike. */
  readonly context: string;
  readonly server: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
};

/** `podnet` for the default cluster, `podnet-NAME` for the others. */
export const contextName = (cluster: string): string =>
  cluster === 'default' ? 'podnet' : `podnet-${cluster}`;

/** The file to write: --kubeconfig, else the first of $KUBECONFIG, else ~/.kube/config of whoever called sudo. */
export const kubeconfigPath = (flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string =>
  flag ?? env['KUBECONFIG']?.split(delimiter).find(Boolean) ?? join(callerHome(env), '.kube/config');

const callerHome = (env: NodeJS.ProcessEnv): string => {
  const caller = env['SUDO_USER'];
  if (!caller || caller === 'root') return homedir();
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${caller}:`));
  return entry?.split(':')[5] ?? homedir();
};

/** Adds the context and makes it current. The context that was current before is remembered inside the entry. */
export const addContext = (path: string, access: Access): Promise<void> =>
  edit(path, (document) => {
    const current = document.get('current-context');
    const previous = current === access.context ? previousContext(document, access.context) : current;
    upsert(document, 'clusters', {
      name: access.context,
      cluster: {
        server: access.server,
        'certificate-authority-data': base64(access.ca),
        extensions: [
          { name: 'podnet', extension: { previousContext: typeof previous === 'string' ? previous : '' } },
        ],
      },
    });
    upsert(document, 'users', {
      name: access.context,
      user: { 'client-certificate-data': base64(access.certificate), 'client-key-data': base64(access.key) },
    });
    upsert(document, 'contexts', {
      name: access.context,
      context: { cluster: access.context, user: access.context },
    });
    document.set('current-context', access.context);
  });

/** Takes the context out again, and restores the one that was current before, unless the user chose another since. */
export const removeContext = async (path: string, context: string): Promise<void> => {
  if (!existsSync(path)) return;
  await edit(path, (document) => {
    const previous = previousContext(document, context);
    for (const section of ['clusters', 'users', 'contexts']) remove(document, section, context);
    if (document.get('current-context') !== context) return;
    const stillThere = find(document, 'contexts', previous);
    document.set('current-context', stillThere ? previous : '');
  });
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Longer than the lock of an editor that was killed counts. */
const LOCK = { waitMs: 40_000, staleMs: 30_000 };

/** One editor at a time, by kubectl's own lock; the file is replaced whole. Left without an entry, it is removed. */
const edit = (path: string, change: (document: Document) => void): Promise<void> => {
  makeParent(path);
  return withFileLock(`${path}.lock`, LOCK, () => {
    const target = existsSync(path) ? realpathSync(path) : path;
    const owner = ownerOf(target);
    const document = parse(target);
    change(document);
    if (isEmpty(document)) return rmSync(target, { force: true });
    const temporary = `${target}.${process.pid}.tmp`;
    writeFileSync(temporary, document.toString(), { mode: 0o600 });
    chownSync(temporary, owner.uid, owner.gid);
    renameSync(temporary, target);
  });
};

const parse = (path: string): Document => {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const document = parseDocument(text.trim() === '' ? 'apiVersion: v1\nkind: Config\n' : text);
  if (document.errors.length > 0) {
    throw new Error(
      `kubeconfig ${path} is not valid YAML (${document.errors[0]!.message.split('\n')[0]}): mend it or give another with --kubeconfig`,
    );
  }
  return document;
};

const isEmpty = (document: Document): boolean =>
  ['clusters', 'users', 'contexts'].every(
    (section) => (sectionOf(document, section)?.items.length ?? 0) === 0,
  );

const sectionOf = (document: Document, section: string): YAMLSeq<YAMLMap> | undefined => {
  const found = document.get(section);
  return found instanceof YAMLSeq ? (found as YAMLSeq<YAMLMap>) : undefined;
};

const find = (document: Document, section: string, name: string): YAMLMap | undefined =>
  sectionOf(document, section)?.items.find((item) => item.get('name') === name);

const remove = (document: Document, section: string, name: string): void => {
  const items = sectionOf(document, section);
  if (items) items.items = items.items.filter((item) => item.get('name') !== name);
};

const upsert = (
  document: Document,
  section: string,
  entry: { readonly name: string; readonly [key: string]: unknown },
): void => {
  remove(document, section, entry.name);
  const items = sectionOf(document, section);
  if (items) items.add(document.createNode(entry) as YAMLMap);
  else document.set(section, document.createNode([entry]));
};

const previousContext = (document: Document, context: string): string => {
  const previous = find(document, 'clusters', context)?.getIn([
    'cluster',
    'extensions',
    0,
    'extension',
    'previousContext',
  ]);
  return typeof previous === 'string' ? previous : '';
};

/** New files and folders belong to whoever called sudo, not to root. */
const ownerOf = (path: string): { readonly uid: number; readonly gid: number } =>
  existsSync(path) ? statSync(path) : statSync(dirname(path));

const makeParent = (path: string): void => {
  const folder = dirname(path);
  if (existsSync(folder)) return;
  const { uid, gid } = statSync(dirname(folder));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, uid, gid);
};
