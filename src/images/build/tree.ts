// What an image to be built consists of: paths and where each gets its content from.
import { readFileSync, statSync } from 'node:fs';
import { type NewEntry } from '../tar.ts';

export type TreeEntry =
  | { readonly kind: 'copy'; readonly from: string }
  | { readonly kind: 'text'; readonly text: string; readonly mode?: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder'; readonly mode?: number };

/** By absolute path in the image. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** Entries of later trees win. */
export const mergeTrees = (...trees: readonly Tree[]): Tree => new Map(trees.flatMap((tree) => [...tree]));

/** Folders that Debian has merged into /usr (since 12 for everyone): their files live there, links lead to them. */
const MERGED = ['bin', 'sbin', 'lib', 'lib32', 'lib64'] as const;

/** `/bin/sh` -> `/usr/bin/sh`: where a path of the machine is in an image with a merged /usr. */
export const imagePath = (path: string): string =>
  MERGED.some((name) => path.startsWith(`/${name}/`)) ? `/usr${path}` : path;

/** The links from / into /usr. */
export const mergedLinks = (): Tree =>
  new Map(MERGED.map((name) => [`/${name}`, { kind: 'link', target: `usr/${name}` }]));

/** The machine's files that the tree copies. */
export const sourcesOf = (tree: Tree): string[] =>
  [...tree.values()].flatMap((entry) => (entry.kind === 'copy' ? [entry.from] : []));

/** The tree as entries of a tar: folders first, sorted, owned by root, at the beginning of time, so that the same tree is the same layer. */
export function* tarEntries(tree: Tree): Generator<NewEntry> {
  const whole = mergeTrees(foldersOf(tree), tree);
  for (const path of [...whole.keys()].sort()) {
    yield { name: path.slice(1), mtime: new Date(0), uid: 0, gid: 0, ...contentOf(whole.get(path)!) };
  }
}

const contentOf = (entry: TreeEntry): Partial<NewEntry> => {
  switch (entry.kind) {
    case 'copy':
      return { type: 'file', mode: statSync(entry.from).mode & 0o7777, content: readFileSync(entry.from) };
    case 'text':
      return { type: 'file', mode: entry.mode ?? 0o644, content: Buffer.from(entry.text) };
    case 'link':
      return { type: 'symlink', mode: 0o777, linkname: entry.target };
    case 'folder':
      return { type: 'directory', mode: entry.mode ?? 0o755 };
  }
};

const foldersOf = (tree: Tree): Tree => {
  const folders = new Map<string, TreeEntry>();
  for (const path of tree.keys())
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      folders.set(path.slice(0, end), { kind: 'folder' });
  return folders;
};
