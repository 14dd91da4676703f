// The table of layers is the architecture: which folder of src/ may import which. Read top to bottom.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';

const BASE = ['lang', 'ip', 'k8s', 'metrics'];
const API = [...BASE, 'client', 'informer', 'reconcile'];

/** Folder -> folders it may import. Features never import each other: they meet in API objects. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  lang: [],
  ip: ['lang'],
  k8s: ['lang', 'ip'],
  metrics: ['lang'],
  wire: ['lang', 'ip'],
  kernel: ['lang', 'ip', 'wire'], //                the only impure border to Linux
  cel: ['lang', 'ip', 'k8s'], //                    the expressions of CRDs and admission policies
  pki: ['lang', 'ip'],
  client: ['lang', 'k8s', 'metrics'],
  informer: ['lang', 'k8s', 'client'],
  reconcile: ['lang', 'metrics'],
  apiserver: [...BASE, 'cel', 'wire', 'client', 'pki'],
  workloads: API,
  scheduler: API,
  disruption: API,
  certificates: [...API, 'pki'],
  endpoints: API,
  lifecycle: API,
  roles: API,
  'service-addresses': API,
  loadbalancer: [...API, 'wire', 'kernel'],
  images: ['lang', 'kernel'],
  runtime: ['lang', 'kernel', 'images'],
  underlay: [...API, 'wire', 'kernel'],
  podnetwork: [...API, 'wire', 'kernel', 'runtime'], // of runtime only the SandboxNetwork interface
  services: [...API, 'wire', 'kernel'],
  dns: [...API, 'wire', 'kernel'],
  policy: [...API, 'wire', 'kernel'],
  kubelet: [...API, 'wire', 'runtime'],
  state: ['lang', 'k8s', 'kernel'], //                     a cluster's state on the disk: SQLite
  embedded: ['lang', 'ip', 'k8s'], //                       what an embedded cluster is: its plan, files and keys
  cli: [...BASE, 'client', 'pki', 'state', 'embedded', 'images', 'kernel', 'underlay', 'runtime', 'policy'],
};

/** In a feature folder only the shell files may touch the kernel. */
const PURE = /\/(select|compile|state|diff)\.ts$/;

type Import = { readonly from: string; readonly to: string };

const violationOf = ({ from, to }: Import): string | undefined => {
  const [source, target] = [from.split('/')[0]!, to.split('/')[0]!];
  if (!from.includes('/')) return undefined; // composition roots wire everything
  if (!to.includes('/')) return `${from} imports the composition root ${to}`;
  if (PURE.test(`/${from}`) && target === 'kernel') return `${from} is pure and imports ${to}`;
  if (source === target || LAYERS[source]?.includes(target)) return undefined;
  return LAYERS[source]
    ? `${source}/ -> ${target}/ (${from} imports ${to})`
    : `${source}/ is not in the table of layers`;
};

const src = join(import.meta.dirname, '../src');

const importsOf = (file: string, text: string): Import[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => ({
    from: relative(src, file),
    to: relative(src, join(dirname(file), match[1]!)),
  }));

const sources = (): string[] =>
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(src, name));

describe('architecture', () => {
  it('every import in src/ follows the table of layers', () => {
    const imports = sources().flatMap((file) => importsOf(file, readFileSync(file, 'utf8')));
    assert.ok(imports.length > 0);
    assert.deepEqual(imports.map(violationOf).filter(Boolean), []);
  });

  it('only kernel/ loads koffi', () => {
    const users = sources().filter((file) => /from 'koffi'/.test(readFileSync(file, 'utf8')));
    assert.deepEqual(
      users.map((file) => relative(src, file)).filter((file) => !file.startsWith('kernel/')),
      [],
    );
  });

  it('the table bites: planted violations are found', () => {
    const planted = `import { a } from '../services/compile.ts';\nimport type { B } from '../../node-agent.ts';`;
    const found = importsOf(
      join(src, 'dns/zone/zone.ts'),
      planted.replace('../services', '../../services'),
    ).map(violationOf);
    assert.deepEqual(found, [
      'dns/ -> services/ (dns/zone/zone.ts imports services/compile.ts)',
      'dns/zone/zone.ts imports the composition root node-agent.ts',
    ]);
    assert.match(violationOf({ from: 'services/compile.ts', to: 'kernel/nft.ts' })!, /is pure/);
    assert.match(violationOf({ from: 'odd/x.ts', to: 'lang/log.ts' })!, /not in the table/);
  });
});
