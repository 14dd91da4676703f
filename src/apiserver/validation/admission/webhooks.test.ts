// What kube-apiserver says of webhook configurations, word by word and in its order
// (pkg/apis/admissionregistration/validation/validation.go, k8s.io/apiserver/pkg/util/webhook/validation.go).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MutatingWebhook } from '../../../k8s/generated/types.ts';
import { validateMutatingWebhooks, validateWebhooks } from './webhooks.ts';

const HOOK: Partial<MutatingWebhook> = {
  name: 'a.example.com',
  clientConfig: { url: 'https://a.example.com/' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};

/** `path: message` of each finding. */
const findings = (...hooks: readonly Partial<MutatingWebhook>[]): readonly string[] =>
  validateMutatingWebhooks(hooks.map((hook) => ({ ...HOOK, ...hook }))).map(
    ({ field, message }) => `${field.replace('webhooks[0].', '')}: ${message}`,
  );

const rule = (fields: object): Partial<MutatingWebhook> => ({
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], ...fields }],
});

describe('webhook configurations', () => {
  it('takes what is well', () => {
    assert.deepEqual(findings({}), []);
    assert.deepEqual(findings(rule({ resources: ['*', 'pods/*', '*/scale', 'jobs/status'] })), []);
  });

  it('rules: nothing beside what a star stands for', () => {
    const of = (fields: object): readonly string[] => findings(rule(fields));
    assert.deepEqual(of({ operations: ['*', 'CREATE'], apiGroups: ['*', ''], apiVersions: ['*', 'v1'] }), [
      `rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
      `rules[0].apiGroups: Invalid value: ["*",""]: if '*' is present, must not specify other API groups`,
      `rules[0].apiVersions: Invalid value: ["*","v1"]: if '*' is present, must not specify other API versions`,
    ]);
    assert.deepEqual(of({ resources: ['pods/*', 'pods/status', '', '*/scale', 'jobs/scale'] }), [
      `rules[0].resources[1]: Invalid value: "pods/status": if 'pods/*' is present, must not specify pods/status`,
      'rules[0].resources[2]: Required value',
      `rules[0].resources[4]: Invalid value: "jobs/scale": if '*/scale' is present, must not specify jobs/scale`,
    ]);
    assert.deepEqual(of({ resources: ['*/*', 'pods'] }), [
      `rules[0].resources: Invalid value: ["*/*","pods"]: if '*/*' is present, must not specify other resources`,
    ]);
    assert.deepEqual(of({ resources: ['*', 'pods'] }), [
      `rules[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
    ]);
  });

  it('tells of each webhook in turn: its own fields, its versions, its name', () => {
    const bad = { reinvocationPolicy: 'Often', clientConfig: {}, admissionReviewVersions: ['v9', 'v9'] };
    assert.deepEqual(findings({ sideEffects: 'Some' }, bad), [
      'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
      'webhooks[1].reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
      'webhooks[1].clientConfig: Required value: exactly one of url or service is required',
      'webhooks[1].admissionReviewVersions[1]: Invalid value: "v9": duplicate version',
      'webhooks[1].admissionReviewVersions: Invalid value: ["v9","v9"]: must include at least one of v1, v1beta1',
      'webhooks[1].name: Duplicate value: "a.example.com"',
    ]);
    assert.deepEqual(validateWebhooks([{ ...HOOK, ...bad, clientConfig: HOOK.clientConfig! }]).length, 2);
  });

  it('how it is reached', () => {
    const of = (clientConfig: object): readonly string[] =>
      findings({ clientConfig: clientConfig as MutatingWebhook['clientConfig'] });
    assert.deepEqual(of({ url: 'http://me:secret@a.example.com/?a=b#c' }), [
      `clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
      'clientConfig.url: Invalid value: "me:secret": user information is not permitted in the URL',
      'clientConfig.url: Invalid value: "c": fragments are not permitted in the URL',
      'clientConfig.url: Invalid value: "a=b": query parameters are not permitted in the URL',
    ]);
    assert.deepEqual(of({ service: { name: '', namespace: 'a', port: 0, path: 'x/Y' } }), [
      'clientConfig.service.namespace: Required value',
      'clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
      `clientConfig.service.path: Invalid value: "x/Y": must start with a '/'`,
      'clientConfig.service.path: Invalid value: "x/Y": segment[0] may not be empty',
      `clientConfig.service.path: Invalid value: "x/Y": segment[1]: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    ]);
  });
});
