import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from '../compile.ts';
import { environment } from '../environment.ts';
import { AUTHORIZER_TYPE, RESOURCE_CHECK_TYPE, authorizerValue, requestResourceValue } from './authorizer.ts';
import type { AccessCheck, Authorize } from './authorizer.ts';

const asked: AccessCheck[] = [];
const authorize: Authorize = (check) => {
  asked.push(check);
  return {
    isAllowed: check.verb === 'get',
    reason: 'by the test',
    ...(check.path === '/bad' ? { error: 'broken' } : {}),
  };
};

const evaluate = (source: string): { readonly value: unknown; readonly asked: readonly AccessCheck[] } => {
  asked.length = 0;
  const compiled = compile(
    source,
    environment({ authorizer: AUTHORIZER_TYPE, resource: RESOURCE_CHECK_TYPE }),
  );
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.error);
  const resource = requestResourceValue(authorize, {
    group: 'apps',
    resource: 'deployments',
    namespace: 'a',
    name: 'web',
  });
  const result = compiled.program.evaluate({ authorizer: authorizerValue(authorize), resource });
  return { value: result.ok ? result.value : result.error, asked: [...asked] };
};

describe('authorizer', () => {
  it('asks about resources, step by step', () => {
    const source = `authorizer.group('').resource('pods').subresource('log').namespace('ns').name('p')
      .labelSelector('a=b').fieldSelector('spec.nodeName=n').check('get').allowed()`;
    assert.deepEqual(evaluate(source), {
      value: true,
      asked: [
        {
          group: '',
          resource: 'pods',
          subresource: 'log',
          namespace: 'ns',
          name: 'p',
          labelSelector: 'a=b',
          fieldSelector: 'spec.nodeName=n',
          verb: 'get',
        },
      ],
    });
  });

  it('asks about paths, the resource of the request and service accounts', () => {
    assert.deepEqual(evaluate("authorizer.path('/healthz').check('post').allowed()"), {
      value: false,
      asked: [{ path: '/healthz', verb: 'post' }],
    });
    assert.deepEqual(evaluate("resource.check('get').reason() == 'by the test'").value, true);
    assert.deepEqual(
      evaluate("authorizer.serviceAccount('ns', 'sa').group('').resource('pods').check('get').allowed()")
        .asked[0]!.serviceAccount,
      { namespace: 'ns', name: 'sa' },
    );
    assert.equal(
      evaluate(
        "authorizer.path('/bad').check('get').errored() && authorizer.path('/bad').check('get').error() == 'broken'",
      ).value,
      true,
    );
  });

  it('refuses empty names, and a third check', () => {
    assert.equal(evaluate("authorizer.path(' ').check('get').allowed()").value, 'path must not be empty');
    assert.equal(
      evaluate("authorizer.group('').resource('').check('get').allowed()").value,
      'resource must not be empty',
    );
    const checks = Array.from({ length: 3 }, () => "resource.check('get').allowed()").join(' && ');
    assert.equal(evaluate(checks).value, 'operation cancelled: actual cost limit exceeded');
  });
});
