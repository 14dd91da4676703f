// How long do the rules of HTTPRoute take on a typical route? (The Gateway API's own CustomResourceDefinition.)
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { compileRules } from '../src/cel/rules/rules.ts';
import { schemaRuleErrors } from '../src/cel/rules/schema-rules.ts';
import type { Schema } from '../src/cel/schema/schema.ts';
import { goModule } from '../test/support/go-modules.ts';

const ROUNDS = 20_000;
const BATCH = 20;

const schemaOf = (): Schema => {
  const { folder } = goModule('sigs.k8s.io/gateway-api@v1.6.3');
  if (folder === undefined) throw new Error('needs go, to fetch the Gateway API module');
  const file = join(folder, 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml');
  const [definition] = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS());
  return definition.spec.versions[0].schema.openAPIV3Schema as Schema;
};

const backend = (name: string, weight: number) => ({ group: '', kind: 'Service', name, port: 80, weight });
const ROUTE = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw', sectionName: 'https' }],
    hostnames: ['example.com', 'www.example.com'],
    rules: [
      {
        matches: [
          {
            path: { type: 'PathPrefix', value: '/api' },
            headers: [{ type: 'Exact', name: 'x-env', value: 'prod' }],
          },
          { path: { type: 'Exact', value: '/health' } },
        ],
        filters: [
          { type: 'RequestHeaderModifier', requestHeaderModifier: { add: [{ name: 'x-a', value: 'b' }] } },
        ],
        backendRefs: [backend('a', 1), backend('b', 9)],
      },
      { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [backend('c', 1)] },
    ],
  },
};

const timed = <T>(what: () => T): readonly [T, number] => {
  const start = performance.now();
  return [what(), performance.now() - start];
};

const schema = schemaOf();
const [errors, checkMs] = timed(() => schemaRuleErrors(schema, 'schema'));
const [rules, compileMs] = timed(() => compileRules(schema));
if (errors.length > 0 || rules.check(ROUTE, undefined).length > 0)
  throw new Error('the rules reject what they should accept');
const batchUs = (before: unknown): number[] =>
  Array.from({ length: ROUNDS / BATCH }, () => {
    const [, ms] = timed(() => {
      for (let i = 0; i < BATCH; i++) rules.check(ROUTE, before);
    });
    return (ms / BATCH) * 1000;
  }).toSorted((a, b) => a - b);
batchUs(undefined); // warm
const report = (name: string, sorted: readonly number[]): string =>
  `${name}: p50 ${sorted[sorted.length >> 1]!.toFixed(0)} us, p99 ${sorted[Math.floor(sorted.length * 0.99)]!.toFixed(0)} us`;
console.log(
  `the definition's rules: checked in ${checkMs.toFixed(0)} ms, compiled in ${compileMs.toFixed(0)} ms`,
);
console.log(report('a new route', batchUs(undefined)));
console.log(report('an update', batchUs(structuredClone(ROUTE))));
