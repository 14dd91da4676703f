// Any expression of CEL as a rule of a CustomResourceDefinition and as a part of an admission policy, over HTTP: it is taken
// or refused, what it says of objects is a yes, a no or a complaint, and the server goes on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { namespaces } from '../../src/k8s/resources.ts';
import { anyExpression, brokenExpression, sensibleExpression } from '../support/any-expression.ts';
import { FUZZ_RUNS, type Fuzzer, createFuzzer, property } from '../support/fuzzer.ts';
import { eventually } from '../support/poll.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

const GROUP = 'fuzz.example.com';
const DEFINITION = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.${GROUP}`;
const THINGS = `/apis/${GROUP}/v1/namespaces/default/things`;
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const RUNS = Math.ceil(FUZZ_RUNS / 3);

const schemaWith = (rules: readonly object[]): object => ({
  openAPIV3Schema: {
    type: 'object',
    properties: {
      a: { type: 'string', maxLength: 20 },
      x: { type: 'integer' },
      y: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 5 } },
      k: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 5 } },
      any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
    'x-kubernetes-validations': rules,
  },
});

const definition = (rules: readonly object[]): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `things.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: schemaWith(rules) }],
  },
});

/** Of a type that is asked for, with `self` as it is called there: then most are taken. */
const sourceOf = (self: string, type: (expression: string) => string): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: sensibleExpression.map((part) => type(part.replace(/\bself\b/g, self))),
    },
    anyExpression,
    brokenExpression,
  );
const yesOrNo = (part: string): string => `${part} != 1`;
/** A comparison of anything is estimated to cost too much for a rule. */
const yes = (part: string): string => `[${part}].size() == 1`;
const text = (part: string): string => `string(${part})`;

describe('API server under any expression', () => {
  let api: TestApiServer;
  let fuzzer: Fuzzer;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    fuzzer = createFuzzer(api, { cert: api.admin.certificate, key: api.admin.key });
  });
  after(async () => {
    fuzzer?.close();
    await api?.close();
  });

  const write = (method: string, path: string, body: object): ReturnType<Fuzzer['check']> => {
    const type = method === 'PATCH' ? 'merge-patch+json' : 'json';
    return fuzzer.check({
      method,
      path,
      headers: { 'content-type': `application/${type}` },
      body: JSON.stringify(body),
    });
  };

  it('as a rule of a CustomResourceDefinition', async () => {
    const { code } = await write('POST', DEFINITION.slice(0, DEFINITION.lastIndexOf('/')), definition([]));
    assert.equal(code, 201);
    await eventually('things', async () => (await fuzzer.ask({ method: 'GET', path: THINGS })).code === 200);
    const short = fc.string({ maxLength: 5 });
    const fields = fc.record(
      {
        a: fc.string({ maxLength: 20 }),
        x: fc.integer(),
        y: fc.array(short, { maxLength: 5 }),
        k: fc.dictionary(short, short, { maxKeys: 5 }),
        any: fc.dictionary(short, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
      },
      { requiredKeys: [] },
    );
    const rule = fc.record(
      {
        rule: sourceOf('self', yes),
        messageExpression: sourceOf('self', text),
        message: fc.constant('no'),
      },
      { requiredKeys: ['rule'] },
    );
    let taken = 0;
    await property(
      fc.tuple(rule, fields),
      async ([each, thing]) => {
        const versions = [{ name: 'v1', served: true, storage: true, schema: schemaWith([each]) }];
        const written = await write('PATCH', DEFINITION, { spec: { versions } });
        if (written.code >= 400) return;
        taken++;
        const body = { apiVersion: `${GROUP}/v1`, kind: 'Thing', metadata: { name: 'one' }, ...thing };
        await write('POST', THINGS, body);
        await write('PATCH', `${THINGS}/one`, thing);
        await fuzzer.check({ method: 'DELETE', path: `${THINGS}/one` });
      },
      RUNS,
    );
    assert.ok(taken > 0, `${taken} rules were taken`);
  });

  it('as any part of an admission policy', async () => {
    const rules = [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
    ];
    const specOf = (parts: object): object => ({
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: rules },
      validations: [{ expression: 'true' }],
      ...parts,
    });
    const metadata = { name: 'any' };
    await write('POST', `${ADMISSION}/validatingadmissionpolicies`, { metadata, spec: specOf({}) });
    const binding = { policyName: 'any', validationActions: ['Deny', 'Audit'] };
    await write('POST', `${ADMISSION}/validatingadmissionpolicybindings`, { metadata, spec: binding });
    const [source, said] = [sourceOf('object', yesOrNo), sourceOf('object', text)];
    const parts = fc.record(
      {
        validations: fc.array(
          fc.record({ expression: source, messageExpression: said }, { requiredKeys: ['expression'] }),
          { minLength: 1, maxLength: 2 },
        ),
        variables: source.map((expression) => [{ name: 'self', expression }]),
        matchConditions: source.map((expression) => [{ name: 'when', expression }]),
        auditAnnotations: said.map((valueExpression) => [{ key: 'said', valueExpression }]),
      },
      { requiredKeys: ['validations'] },
    );
    const data = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.string({ maxLength: 5 }), {
      maxKeys: 3,
    });
    let taken = 0;
    await property(
      fc.tuple(parts, data),
      async ([each, values]) => {
        const path = `${ADMISSION}/validatingadmissionpolicies/any`;
        const { code, text } = await fuzzer.ask({ method: 'GET', path });
        assert.equal(code, 200);
        const { resourceVersion } = JSON.parse(text).metadata;
        const policy = { metadata: { ...metadata, resourceVersion }, spec: specOf(each) };
        if ((await write('PUT', path, policy)).code >= 400) return;
        taken++;
        await write('POST', `${CONFIG_MAPS}?dryRun=All`, { metadata: { name: 'one' }, data: values });
      },
      RUNS,
    );
    assert.ok(taken > 0, `${taken} policies were taken`);
  });
});
