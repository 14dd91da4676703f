// Builds the two images that every cluster has, podnet/toolbox and podnet/nginx, from Debian's packages.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type StagedImage, architecture } from '../archive.ts';
import { writeBlob, writeJsonBlob } from '../blobs.ts';
import { type ImageConfig, MEDIA } from '../oci.ts';
import { parseReference } from '../reference.ts';
import { type ImageStore } from '../store.ts';
import { writeTar } from '../tar.ts';
import { PATH, baseTree } from './base.ts';
import { nginxTree } from './nginx.ts';
import { extractPackages, fetchPackages } from './packages.ts';
import { toolboxTree } from './toolbox.ts';
import { type Tree, sourcesOf, tarEntries } from './tree.ts';

export type BuildOptions = {
  readonly store: ImageStore;
  /** The store's folder: the record of the last build and the downloaded packages are kept there. */
  readonly folder: string;
  readonly say: (text: string) => void;
};

type Recipe = {
  readonly names: readonly string[];
  readonly layers: readonly Tree[];
  readonly config: ImageConfig['config'];
};

/** What one build read: if none of it has changed, the next build has nothing to do. */
type BuildRecord = {
  readonly recipe: string;
  readonly sources: Readonly<Record<string, string>>;
};

const NGINX = { names: ['nginx-light', 'nginx'], file: '/usr/sbin/nginx' };

/** The image that the tutorial's manifests name, and those that other tutorials use for a shell with tools. */
const NGINX_NAMES = ['podnet/nginx', 'nginx', 'bprashanth/nginxhttps:1.0'];
const TOOLBOX_NAMES = ['podnet/toolbox', 'busybox', 'radial/busyboxplus:curl'];

/** Builds both images, unless they are there and nothing that they were built from has changed. */
export const buildImages = async ({ store, folder, say }: BuildOptions): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  const recordPath = join(folder, 'build.json');
  if (isUpToDate(recordPath, store)) return say('images podnet/toolbox and podnet/nginx are up to date');
  const packages = fetchPackages(NGINX, join(folder, 'packages'));
  const root = mkdtempSync(join(folder, '.build-'));
  try {
    extractPackages(packages, root);
    const recipes = recipesFrom(root);
    for (const recipe of recipes) {
      const [name] = await store.add(async (staging) => [await buildImage(recipe, staging)]);
      say(`built ${name}`);
    }
    const machineFiles = recipes
      .flatMap(({ layers }) => layers.flatMap(sourcesOf))
      .filter((path) => !path.startsWith(root));
    writeBuildRecord(recordPath, [...packages, ...machineFiles]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

const recipesFrom = (root: string): readonly Recipe[] => {
  const base = baseTree();
  return [
    {
      names: TOOLBOX_NAMES,
      layers: [base, toolboxTree()],
      config: { Env: [PATH], Cmd: ['sh'], WorkingDir: '/' },
    },
    {
      names: NGINX_NAMES,
      layers: [base, nginxTree(root)],
      config: {
        Env: [PATH],
        Cmd: ['nginx', '-g', 'daemon off;'],
        WorkingDir: '/',
        ExposedPorts: { '80/tcp': {} },
        StopSignal: 'SIGQUIT', // nginx ends its open requests first
      },
    },
  ];
};

const buildImage = async (
  { names, layers: trees, config }: Recipe,
  staging: string,
): Promise<StagedImage> => {
  const layers = [];
  for (const tree of trees)
    layers.push({ mediaType: MEDIA.layer, ...(await writeBlob(staging, writeTar(tarEntries(tree)))) });
  const image: ImageConfig = {
    created: new Date(0).toISOString(), // the same packages make the same image
    architecture: architecture(),
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
  const manifest = await writeJsonBlob(staging, MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: await writeJsonBlob(staging, MEDIA.config, image),
    layers,
  });
  return { manifest, names: names.map((name) => parseReference(name).name) };
};

const isUpToDate = (path: string, store: ImageStore): boolean => {
  const record = readBuildRecord(path);
  return (
    record?.recipe === recipeFingerprint() &&
    Object.entries(record.sources).every(([source, state]) => stateOf(source) === state) &&
    [...TOOLBOX_NAMES, ...NGINX_NAMES].every((name) => store.find(name) !== undefined)
  );
};

const readBuildRecord = (path: string): BuildRecord | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BuildRecord;
  } catch {
    return undefined;
  }
};

const writeBuildRecord = (path: string, sources: readonly string[]): void => {
  const record: BuildRecord = {
    recipe: recipeFingerprint(),
    sources: Object.fromEntries(sources.map((source) => [source, stateOf(source)])),
  };
  writeFileSync(`${path}.tmp`, JSON.stringify(record));
  renameSync(`${path}.tmp`, path);
};

const stateOf = (path: string): string => {
  if (!existsSync(path)) return 'missing';
  const { size, mtimeMs } = statSync(path);
  return `${size} bytes, ${mtimeMs}`;
};

/** The source of this folder is the recipe. */
const recipeFingerprint = (): string => {
  const hash = createHash('sha256');
  for (const name of readdirSync(import.meta.dirname).sort())
    hash.update(readFileSync(join(import.meta.dirname, name)));
  return hash.digest('hex');
};
