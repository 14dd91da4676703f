// The rules of other projects' CustomResourceDefinitions, as they publish them: accepted as kube-apiserver accepts them, and
// rejecting what they are there to reject.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { compileRules } from '../../src/cel/rules/rules.ts';
import { schemaRuleErrors } from '../../src/cel/rules/schema-rules.ts';
import type { Schema } from '../../src/cel/schema/schema.ts';
import { goModule, skipOf } from '../support/go-modules.ts';

type Definition = {
  readonly kind: string;
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
};

const definitionsIn = (folder: string): readonly Definition[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map((document) => document.toJS() as Definition)
    .filter((object) => object?.kind === 'CustomResourceDefinition');

const rulesIn = (schema: unknown): number => {
  if (typeof schema !== 'object' || schema === null) return 0;
  return Object.entries(schema).reduce(
    (sum, [key, part]) =>
      sum + (key === 'x-kubernetes-validations' ? (part as unknown[]).length : rulesIn(part)),
    0,
  );
};

const gateway = goModule('sigs.k8s.io/gateway-api@v1.6.3');
const policies = goModule('sigs.k8s.io/network-policy-api@v0.3.0');

describe('published CustomResourceDefinitions', () => {
  for (const [name, module] of [
    ['gateway-api', gateway],
    ['network-policy-api', policies],
  ] as const) {
    for (const channel of ['standard', 'experimental']) {
      it(`${name}, ${channel}: every rule compiles, within the cost limits`, { skip: skipOf(module) }, () => {
        let rules = 0;
        for (const { spec } of definitionsIn(join(module.folder!, 'config/crd', channel))) {
          for (const version of spec.versions) {
            const schema = version.schema.openAPIV3Schema;
            rules += rulesIn(schema);
            assert.deepEqual(schemaRuleErrors(schema, 'schema'), [], `${spec.names.kind} ${version.name}`);
          }
        }
        assert.ok(rules > 5, `${rules} rules`);
      });
    }
  }
});

/** As the schema's default has it. */
const EVERYTHING = [{ path: { type: 'PathPrefix', value: '/' } }];
const BACKEND = { group: '', kind: 'Service', name: 'a', port: 80, weight: 1 };
const route = (rule: object): object => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'r', namespace: 'default' },
  spec: {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'g' }],
    rules: [{ matches: EVERYTHING, ...rule }],
  },
});

/** A rule of a route, and what the CRD's rules say about it. */
const ROUTES: readonly (readonly [string, object, readonly string[]])[] = [
  ['plain', { backendRefs: [BACKEND] }, []],
  [
    'a path that is not absolute',
    { matches: [{ path: { type: 'Exact', value: 'a//b' } }] },
    [
      "spec.rules[0].matches[0].path: Invalid value: value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
      "spec.rules[0].matches[0].path: Invalid value: must not contain '//' when type one of ['Exact', 'PathPrefix']",
    ],
  ],
  [
    'a filter of another type',
    { filters: [{ type: 'RequestMirror', requestHeaderModifier: {} }] },
    [
      'spec.rules[0].filters[0]: Invalid value: filter.requestHeaderModifier must be nil if the filter.type is not RequestHeaderModifier',
      'spec.rules[0].filters[0]: Invalid value: filter.requestMirror must be specified for RequestMirror filter.type',
    ],
  ],
  [
    'redirect and rewrite together',
    {
      matches: [{ path: { type: 'PathPrefix', value: '/a' } }],
      filters: [
        { type: 'RequestRedirect', requestRedirect: { statusCode: 302 } },
        { type: 'URLRewrite', urlRewrite: { hostname: 'b' } },
      ],
    },
    [
      'spec.rules[0].filters: Invalid value: May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both',
    ],
  ],
  [
    'a redirect with backends',
    { filters: [{ type: 'RequestRedirect', requestRedirect: { statusCode: 302 } }], backendRefs: [BACKEND] },
    ['spec.rules[0]: Invalid value: RequestRedirect filter must not be used together with backendRefs'],
  ],
];

describe('HTTPRoute', () => {
  const skip = skipOf(gateway);
  for (const [name, rule, expected] of ROUTES) {
    it(name, { skip }, () => {
      const definitions = definitionsIn(join(gateway.folder!, 'config/crd/standard'));
      const { spec } = definitions.find((each) => each.spec.names.kind === 'HTTPRoute')!;
      const rules = compileRules(spec.versions[0]!.schema.openAPIV3Schema);
      const errors = rules.check(route(rule), undefined);
      assert.deepEqual(
        errors.map(({ field, message }) => `${field}: ${message}`),
        expected,
      );
    });
  }
});
