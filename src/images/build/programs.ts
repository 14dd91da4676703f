// The machine's programs with the shared libraries they need, as ldd(1) finds them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ImageError } from '../image-error.ts';
import { type Tree, type TreeEntry, imagePath } from './tree.ts';

/** Each program at its path in the image, with its libraries and loader. `root` is where packages were unpacked, or ''. */
export const programs = (root: string, paths: readonly string[]): Tree => {
  const tree = new Map<string, TreeEntry>();
  for (const path of paths) {
    const file = findProgram(root, path);
    tree.set(imagePath(path), { kind: 'copy', from: file });
  }
  for (const library of librariesOf(
    root,
    [...tree.values()].map((entry) => (entry as { from: string }).from),
  ))
    tree.set(imagePath(library.slice(library.startsWith(`${root}/`) ? root.length : 0)), {
      kind: 'copy',
      from: realpathSync(library),
    });
  return tree;
};

/** Distributions put the same program into different folders. */
const findProgram = (root: string, path: string): string => {
  const places = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].map((folder) => join(folder, basename(path)));
  const found = [path, ...places].map((place) => root + place).find((place) => existsSync(place));
  if (found) return realpathSync(found);
  throw new ImageError(
    'BUILD_FAILED',
    `${path} is missing: the set-up ('sudo ./podnet up') installs its package`,
  );
};

/** `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x...)` and `/lib64/ld-linux-x86-64.so.2 (0x...)`. */
const LINE = /^\s+(?:(?<name>\S+) => )?(?<path>\/\S+|not found)/;

const librariesOf = (root: string, files: readonly string[]): readonly string[] => {
  const env = { ...process.env, LC_ALL: 'C', LD_LIBRARY_PATH: libraryFolders(root).join(':') };
  const { stdout, error } = spawnSync('ldd', files, { env, encoding: 'utf8' });
  if (error) throw new ImageError('BUILD_FAILED', `cannot run ldd: ${error.message}`, { cause: error });
  const found = stdout.split('\n').flatMap((line) => {
    const groups = LINE.exec(line)?.groups;
    return groups ? [groups] : [];
  });
  const missing = found.find(({ path }) => path === 'not found');
  if (missing) throw new ImageError('BUILD_FAILED', `library ${missing['name']} is missing on this machine`);
  return [...new Set(found.map(({ path }) => path!))];
};

/** Where unpacked packages keep their libraries: /usr/lib/x86_64-linux-gnu and the like. */
const libraryFolders = (root: string): readonly string[] =>
  root === ''
    ? []
    : [join(root, 'lib'), join(root, 'usr/lib')]
        .filter((folder) => existsSync(folder))
        .flatMap((folder) => [folder, ...foldersIn(folder).filter((path) => path.endsWith('-gnu'))]);

const foldersIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));

/** What glibc loads by name when a program asks for a host or a user: before 2.34 no library depends on it visibly. */
export const nameServiceLibraries = (tree: Tree): Tree => {
  const libc = [...tree].find(([path]) => path.endsWith('/libc.so.6'));
  if (!libc || libc[1].kind !== 'copy') return new Map();
  const from = dirname(libc[1].from);
  return new Map(
    ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2']
      .filter((name) => existsSync(join(from, name)))
      .map((name) => [join(dirname(libc[0]), name), { kind: 'copy', from: realpathSync(join(from, name)) }]),
  );
};
