// Generates src/k8s/generated/: the Kubernetes field facts (schemas without prose, TypeScript types) of one release.
// Sources: the JSON schemas that the PyPI package kubernetes-validate carries, and the Go modules k8s.io/api and
// k8s.io/apimachinery (all Apache-2.0).
// Usage: npm run generate        (needs python3 with pip, and go; a new Kubernetes version is one edit of VERSION below)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protobufFacts } from './protobuf-facts.ts';

const KUBERNETES_VERSION = '1.36.0';
const PACKAGE = 'kubernetes-validate==1.37.0';
const OUT = new URL('../src/k8s/generated/', import.meta.url).pathname;

/** The kinds podnet serves now; everything that they refer to comes along. */
const ROOTS = [
  ...[
    'Pod',
    'Service',
    'Endpoints',
    'Namespace',
    'Node',
    'ConfigMap',
    'Secret',
    'ServiceAccount',
    'Event',
    'Binding',
  ].map((kind) => `io.k8s.api.core.v1.${kind}`),
  'io.k8s.api.core.v1.PodTemplate',
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.apps.v1.ReplicaSet',
  'io.k8s.api.discovery.v1.EndpointSlice',
  'io.k8s.api.coordination.v1.Lease',
  'io.k8s.api.networking.v1.ServiceCIDR',
  'io.k8s.api.networking.v1.IPAddress',
  'io.k8s.api.autoscaling.v1.Scale',
  'io.k8s.api.policy.v1.Eviction',
  'io.k8s.api.authentication.v1.TokenRequest',
  'io.k8s.api.authentication.v1.SelfSubjectReview',
  'io.k8s.api.authentication.v1.TokenReview',
  'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  'io.k8s.api.authorization.v1.SubjectAccessReview',
  'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
  ...['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => `io.k8s.api.rbac.v1.${kind}`),
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Status',
];

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly [key: string]: unknown;
};

const main = (): void => {
  const definitions = load();
  const names = reachable(definitions, ROOTS);
  const facts = Object.fromEntries(names.map((name) => [name, clean(definitions[name]!)]));
  writeFileSync(
    join(OUT, 'schema.json'),
    `${JSON.stringify({ version: KUBERNETES_VERSION, definitions: facts }, null, 1)}\n`,
  );
  writeFileSync(join(OUT, 'types.ts'), typesOf(facts));
  const messages = protobufFacts(KUBERNETES_VERSION, ROOTS);
  writeFileSync(join(OUT, 'protobuf.json'), `${oneLinePerField(messages)}\n`);
  process.stdout.write(`${names.length} definitions of Kubernetes ${KUBERNETES_VERSION} in ${OUT}\n`);
};

// Formatters would give each field five lines.
const oneLinePerField = (value: object): string =>
  JSON.stringify(value, null, 1).replace(/\[\s+("[^\]]*")\s+\]/g, (list) => list.replace(/\s+/g, ' '));

const load = (): Record<string, Schema> => {
  const folder = mkdtempSync(join(tmpdir(), 'podnet-schemas-'));
  try {
    execFileSync('pip', ['download', '--quiet', '--no-deps', '-d', folder, PACKAGE], { stdio: 'inherit' });
    const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'))!;
    const path = `kubernetes_validate/kubernetes-json-schema/v${KUBERNETES_VERSION}-local-strict/_definitions.json`;
    execFileSync('python3', ['-m', 'zipfile', '-e', join(folder, wheel), folder]);
    return JSON.parse(readFileSync(join(folder, path), 'utf8')).$defs;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const refName = (ref: string): string => ref.replace('#/$defs/', '');

const reachable = (definitions: Record<string, Schema>, roots: readonly string[]): string[] => {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    if (!definitions[name]) throw new Error(`no definition ${name} in Kubernetes ${KUBERNETES_VERSION}`);
    seen.add(name);
    for (const ref of JSON.stringify(definitions[name]).matchAll(/"#\/\$defs\/([^"]+)"/g)) visit(ref[1]!);
  };
  for (const root of roots) visit(root);
  return [...seen].sort();
};

const KEEP =
  /^(\$ref|type|format|items|properties|additionalProperties|required|oneOf|default|enum|x-kubernetes-.*)$/;

/** Drops prose and turns the package's `type: [T, null]` back into OpenAPI's `type: T`. */
const clean = (schema: Schema): Schema => {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (!KEEP.test(key)) continue;
    if (key === 'properties') {
      out[key] = Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([k, v]) => [k, clean(v)]),
      );
    } else if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object')) {
      out[key] = clean(value as Schema);
    } else if (key === 'oneOf') out[key] = (value as Schema[]).map(clean);
    else if (key === 'type' && Array.isArray(value)) out[key] = value.find((type) => type !== 'null');
    else if (key === '$ref') out[key] = refName(value as string);
    else if (key === 'additionalProperties' && value === false) continue;
    else out[key] = value;
  }
  return out as Schema;
};

const typeName = (definition: string): string => {
  const short = definition.split('.').at(-1)!;
  return definition.includes('.api.core.') || definition.includes('apimachinery') || !CLASHES.has(short)
    ? short
    : definition
        .split('.')
        .slice(-3)
        .map((word) => word[0]!.toUpperCase() + word.slice(1))
        .join('');
};
const CLASHES = new Set<string>();

const typesOf = (definitions: Record<string, Schema>): string => {
  const count = new Map<string, number>();
  for (const name of Object.keys(definitions)) {
    const short = name.split('.').at(-1)!;
    count.set(short, (count.get(short) ?? 0) + 1);
  }
  for (const [short, n] of count) if (n > 1) CLASHES.add(short);
  const body = Object.entries(definitions).map(
    ([name, schema]) => `export type ${typeName(name)} = ${topType(name, schema)};\n`,
  );
  return `// Generated by scripts/generate-api.ts from Kubernetes ${KUBERNETES_VERSION}: do not edit.\n\n${body.join('\n')}`;
};

const topType = (name: string, schema: Schema): string =>
  name.endsWith('.Quantity') || name.endsWith('.IntOrString') ? 'string | number' : typeOf(schema);

const typeOf = (schema: Schema): string => {
  if (schema.$ref) return typeName(schema.$ref);
  if (schema.type === 'array') return `readonly ${wrap(typeOf(schema.items ?? {}))}[]`;
  if (schema.properties) return objectType(schema);
  if (schema.type === 'object') {
    return typeof schema.additionalProperties === 'object'
      ? `Readonly<Record<string, ${typeOf(schema.additionalProperties)}>>`
      : 'Readonly<Record<string, unknown>>';
  }
  if (schema.type === 'string') return 'string';
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  return schema.type === 'boolean' ? 'boolean' : 'unknown';
};

const wrap = (type: string): string =>
  /[ |]/.test(type) && !type.startsWith('Readonly<') ? `(${type})` : type;

const objectType = (schema: Schema): string => {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties!).map(([key, value]) => {
    const name = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
    return required.has(key)
      ? `  readonly ${name}: ${typeOf(value)};`
      : `  readonly ${name}?: ${typeOf(value)} | undefined;`;
  });
  return `{\n${fields.join('\n')}\n}`;
};

main();
