// OpenAPI v3: an index and one document per group version, made of the generated field facts and the served resources.
// Clients keep a document for ever under its hash: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
import { createHash } from 'node:crypto';
import { KUBERNETES_VERSION } from '../../k8s/version.ts';
import { rememberLast } from '../../lang/remember.ts';
import type { GroupVersionKind, ServedResource } from '../http/served-resources.ts';
import { loadDefinitions } from '../schema/schema.ts';
import { v2Document } from './v2-document.ts';
import { type Paths, listDefinition, pathsOf } from './operations.ts';
import { type Definitions, type Schema, listSchema, schemasOf } from './schemas.ts';

type OpenApiDocument = { readonly text: string; readonly hash: string };

export type OpenApi = {
  /** GET /openapi/v3. */
  readonly index: () => object;
  /** By `api/v1` or `apis/GROUP/VERSION`; undefined if there is none. */
  readonly document: (path: string) => OpenApiDocument | undefined;
  /** All of it as OpenAPI v2. */
  readonly v2: () => OpenApiDocument;
};

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Nothing is built before the first question, and nothing again that has not changed since the last. */
export const createOpenApi = (resources: () => readonly ServedResource[]): OpenApi => {
  let definitions: Definitions | undefined;
  let built: ReadonlyMap<string, Built> = new Map();
  const build = rememberLast((present: readonly ServedResource[]) => {
    built = rebuilt((definitions ??= loadDefinitions() as Definitions), present, built);
    return built;
  });
  const whole = rememberLast((documents: ReadonlyMap<string, Built>) =>
    hashed(v2Document([...documents.values()].map(({ text }) => JSON.parse(text) as object))),
  );
  return {
    index: () => ({
      paths: Object.fromEntries(
        [...build(resources())].map(([path, { hash }]) => [
          path,
          { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
        ]),
      ),
    }),
    document: (path) => build(resources()).get(path),
    v2: () => whole(build(resources())),
  };
};

type Built = OpenApiDocument & { readonly own: readonly ServedResource[] };

const rebuilt = (
  definitions: Definitions,
  resources: readonly ServedResource[],
  before: ReadonlyMap<string, Built>,
): ReadonlyMap<string, Built> => {
  const byPath = Map.groupBy(resources, ({ group, version }) =>
    group === '' ? `api/${version}` : `apis/${group}/${version}`,
  );
  return new Map(
    [...byPath].map(([path, own]) => {
      const known = before.get(path);
      return [path, known && isSame(known.own, own) ? known : builtFrom(definitions, path, own)];
    }),
  );
};

const isSame = (a: readonly ServedResource[], b: readonly ServedResource[]): boolean =>
  a.length === b.length && a.every((each, index) => each === b[index]);

const builtFrom = (definitions: Definitions, path: string, own: readonly ServedResource[]): Built => ({
  own,
  ...hashed(documentOf(definitions, `/${path}`, own)),
});

const hashed = (document: object): OpenApiDocument => {
  const text = JSON.stringify(document);
  return { text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() };
};

const documentOf = (definitions: Definitions, root: string, resources: readonly ServedResource[]): object => {
  const byKind = definitionsByKind(definitions);
  const own = new Map(resources.map((each) => [keyOf(each), each.definition]));
  const definitionFor = (kind: GroupVersionKind): string =>
    own.get(keyOf(kind)) ?? byKind.get(keyOf(kind)) ?? '';
  const paths = resources.map((each) =>
    pathsOf(root, each, ({ responseKind }) => definitionFor(responseKind)),
  );
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION },
    paths: Object.assign({}, ...paths) as Paths,
    components: { schemas: componentsOf(definitions, resources, definitionFor) },
  };
};

const componentsOf = (
  definitions: Definitions,
  resources: readonly ServedResource[],
  definitionFor: (kind: GroupVersionKind) => string,
): Definitions => {
  const subresources = resources.flatMap((each) =>
    each.subresources.map((sub) => definitionFor(sub.responseKind)),
  );
  const lists = resources
    .filter(({ verbs }) => verbs.includes('list'))
    .map((each) => [listDefinition(each), listOf(each)]);
  return {
    ...schemasOf(definitions, [
      ...resources.map(({ definition }) => definition),
      ...subresources,
      `${META}.DeleteOptions`,
      `${META}.Status`,
      `${META}.ListMeta`,
      `${META}.ObjectMeta`,
    ]),
    ...Object.fromEntries(lists),
    ...Object.fromEntries(
      resources.flatMap((each) => (each.schema ? [[each.definition, each.schema()]] : [])),
    ),
    [`${META}.Patch`]: { type: 'object' },
  };
};

const listOf = ({ definition, group, version, listKind: kind }: ServedResource): Schema =>
  listSchema(definition, { group, kind, version });

const keyOf = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}/${kind}`;

/** Definition names by `group/version/kind`. */
const definitionsByKind = (definitions: Definitions): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(definitions).flatMap(([name, schema]) => {
      const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as readonly GroupVersionKind[];
      return kinds.map((each) => [keyOf(each), name] as const);
    }),
  );
