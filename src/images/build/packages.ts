// Debian packages whose files an image takes, without installing them: no service may start on the machine.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from '../image-error.ts';

export type PackageWish = {
  /** By preference: distributions name and cut them differently. */
  readonly names: readonly string[];
  /** The file that is wanted, e.g. /usr/sbin/nginx. */
  readonly file: string;
};

/** Downloads the packages with what they depend on and the machine lacks. What is in `cache` already needs no network. */
export const fetchPackages = ({ names, file }: PackageWish, cache: string): readonly string[] => {
  mkdirSync(join(cache, 'partial'), { recursive: true });
  const cached = packagesIn(cache);
  if (cached.some((path) => holds(path, file))) return cached;
  const tryAll = (): boolean =>
    names.some((name) => download(name, cache) && packagesIn(cache).some((path) => holds(path, file)));
  if (tryAll() || (apt(['update', '-qq']) && tryAll())) return packagesIn(cache);
  throw new ImageError(
    'BUILD_FAILED',
    `cannot download the Debian package ${names.join(' or ')}: it needs a network once`,
  );
};

const packagesIn = (cache: string): readonly string[] =>
  readdirSync(cache)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(cache, name));

const holds = (path: string, file: string): boolean =>
  run('dpkg-deb', ['--contents', path])
    .stdout.split('\n')
    .some((line) => line.endsWith(` .${file}`));

/** --download-only with the machine's own state: libraries that are installed are not fetched again. */
const download = (name: string, cache: string): boolean =>
  apt(['install', '-y', '-qq', '--no-install-recommends', '--download-only', '--reinstall', name], {
    'Dir::Cache::archives': cache,
    'APT::Sandbox::User': 'root', // _apt cannot write to a folder of root's
  });

const apt = (args: readonly string[], options: Readonly<Record<string, string>> = {}): boolean => {
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return run('apt-get', [...flags, ...args]).status === 0;
};

/** Unpacks packages below `folder`, which is made. */
export const extractPackages = (packages: readonly string[], folder: string): void => {
  mkdirSync(folder, { recursive: true });
  for (const path of packages) {
    const { status, stderr } = run('dpkg-deb', ['--extract', path, folder]);
    if (status !== 0) throw new ImageError('BUILD_FAILED', `cannot unpack ${path}: ${stderr.trim()}`);
  }
};

const run = (
  command: string,
  args: readonly string[],
): { status: number | null; stdout: string; stderr: string } => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    env,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (error)
    throw new ImageError('BUILD_FAILED', `cannot run ${command}: ${error.message}`, { cause: error });
  return { status, stdout, stderr };
};
