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

/** The kinds podnet serves, by package; everything that they refer to comes along. */
const KINDS: Readonly<Record<string, string>> = {
  'api.core.v1':
    'Binding ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate ' +
    'ReplicationController ResourceQuota Secret Service ServiceAccount',
  'api.admissionregistration.v1':
    'MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
  'api.apps.v1': 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet',
  'api.authentication.v1': 'SelfSubjectReview TokenRequest TokenReview',
  'api.authorization.v1':
    'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
  'api.autoscaling.v1': 'HorizontalPodAutoscaler Scale',
  'api.autoscaling.v2': 'HorizontalPodAutoscaler',
  'api.batch.v1': 'CronJob Job',
  'api.certificates.v1': 'CertificateSigningRequest',
  'api.coordination.v1': 'Lease',
  'api.discovery.v1': 'EndpointSlice',
  'api.events.v1': 'Event',
  'api.networking.v1': 'IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR',
  'api.node.v1': 'RuntimeClass',
  'api.policy.v1': 'Eviction PodDisruptionBudget',
  'api.rbac.v1': 'ClusterRole ClusterRoleBinding Role RoleBinding',
  'api.scheduling.v1': 'PriorityClass',
  'api.storage.v1':
    'CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass',
  'apiextensions-apiserver.pkg.apis.apiextensions.v1': 'CustomResourceDefinition',
  'apimachinery.pkg.apis.meta.v1': 'DeleteOptions Status',
  'kube-aggregator.pkg.apis.apiregistration.v1': 'APIService',
};
const ROOTS = Object.entries(KINDS).flatMap(([name, kinds]) =>
  kinds.split(' ').map((kind) => `io.k8s.${name}.${kind}`),
);

/** Besides them, what answers in protobuf are made of. Lists are all alike. */
const MESSAGES = [
  'v1.APIGroup',
  'v1.APIGroupList',
  'v1.APIResourceList',
  'v1.APIVersions',
  'v1.ListMeta',
  'v1.PartialObjectMetadata',
  'v1.PartialObjectMetadataList',
  'v1beta1.PartialObjectMetadataList',
].map((name) => `io.k8s.apimachinery.pkg.apis.meta.${name}`);

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

/** What podnet serves beyond the release, as Kubernetes 1.24 to 1.27 had it (KEP-2943): clients that do not know it skip it. */
const withPolicyStatus = (definitions: Record<string, Schema>): Record<string, Schema> => {
  const [policy, status] = ['NetworkPolicy', 'NetworkPolicyStatus'].map(
    (kind) => `io.k8s.api.networking.v1.${kind}`,
  );
  const { properties } = definitions[policy!]!;
  return {
    ...definitions,
    [policy!]: {
      ...definitions[policy!],
      properties: { ...properties, status: { $ref: `#/$defs/${status}` } },
    },
    [status!]: {
      properties: {
        conditions: {
          items: { $ref: '#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.Condition' },
          type: 'array',
          'x-kubernetes-list-map-keys': ['type'],
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-patch-merge-key': 'type',
          'x-kubernetes-patch-strategy': 'merge',
        },
      },
      type: 'object',
    },
  };
};

const main = (): void => {
  const definitions = withPolicyStatus(load());
  const names = reachable(definitions, ROOTS);
  const facts = Object.fromEntries(names.map((name) => [name, clean(definitions[name]!)]));
  writeFileSync(
    join(OUT, 'schema.json'),
    `${JSON.stringify({ version: KUBERNETES_VERSION, definitions: facts }, null, 1)}\n`,
  );
  writeFileSync(join(OUT, 'types.ts'), typesOf(facts));
  const messages = protobufFacts(KUBERNETES_VERSION, [...ROOTS, ...MESSAGES]);
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

/** Of definitions with the same last word one may be called by it alone: the core's, or the newest one that is a kind. */
const ownersOfNames = (definitions: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    [...Map.groupBy(definitions, lastWord)].flatMap(([word, all]) => {
      const owner =
        all.length === 1
          ? all[0]
          : (all.find((name) => /\.api\.core\.|apimachinery/.test(name)) ??
            all.findLast((name) => ROOTS.includes(name)));
      return owner ? [[word, owner] as const] : [];
    }),
  );

const lastWord = (definition: string): string => definition.split('.').at(-1)!;

let owners: ReadonlyMap<string, string> = new Map();

const typeName = (definition: string): string => {
  const word = lastWord(definition);
  if (owners.get(word) === definition) return word;
  const path = definition.split('.').slice(-3);
  return path.map((part) => part[0]!.toUpperCase() + part.slice(1)).join('');
};

const typesOf = (definitions: Record<string, Schema>): string => {
  owners = ownersOfNames(Object.keys(definitions));
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
