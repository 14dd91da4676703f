// The API's verbs on objects in the namespace `default`, as short as tests want them.
import assert from 'node:assert/strict';
import type { Draft, Kind } from '../../src/apiserver/kind.ts';
import type { Registry, RequestContext, Subresource } from '../../src/apiserver/registry.ts';
import type { DeleteRequest } from '../../src/client/client.ts';
import { ApiError } from '../../src/k8s/api-error.ts';
import type { ConfigMap, Deployment, Namespace, Pod, Status } from '../../src/k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import { testContext } from './test-registry.ts';

/** An object of any of the test kinds. */
export type TestObject = Stored<KubeObject & ConfigMap & Deployment & Pod & Namespace>;

export const CONTAINERS = [{ name: 'c', image: 'nginx' }];
export const DEPLOYMENT = { spec: { selector: { matchLabels: { app: 'web' } }, template: {} } };

export const ref = (name: string) => ({ namespace: 'default', name });

/** Of the registry that is there when they are called. */
export const verbsOf = (registry: () => Registry) => ({
  create: async (
    kind: Kind,
    name: string,
    fields: object = {},
    context: Partial<RequestContext> = {},
  ): Promise<TestObject> => {
    const { metadata, ...rest } = fields as Draft;
    const object = { metadata: { name, ...metadata }, ...rest };
    return (await registry().create(kind, 'default', object, testContext(context))) as TestObject;
  },
  update: async (kind: Kind, object: object, subresource?: Subresource): Promise<TestObject> => {
    const { metadata } = object as TestObject;
    const draft = object as Draft;
    return (await registry().update(kind, metadata, draft, testContext(), subresource)) as TestObject;
  },
  remove: (kind: Kind, name: string, request: DeleteRequest = {}) =>
    registry().delete(kind, ref(name), request, testContext()),
});

/** What the attempt was refused with. */
export const statusOf = async (attempt: Promise<unknown>): Promise<Status> => {
  const error: unknown = await attempt.then(
    () => assert.fail('expected a Status'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error.status;
};
