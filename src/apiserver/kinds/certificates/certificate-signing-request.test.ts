// CertificateSigningRequests through the registry's verbs.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { certificateRequestOf } from '../../../../test/support/certificate-requests.ts';
import { statusOf } from '../../../../test/support/registry-verbs.ts';
import { testContext } from '../../../../test/support/test-registry.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../../test/support/whole-registry.ts';
import type { CertificateSigningRequest } from '../../../k8s/generated/types.ts';
import type { User } from '../../registry.ts';

let api: WholeRegistry;
beforeEach(async () => {
  api = await createWholeRegistry();
});

const CLIENT = 'kubernetes.io/kube-apiserver-client';
const ADMIN: User = { name: 'admin', groups: ['system:masters'] };
const JANE: User = { name: 'jane', uid: 'u1', groups: ['team'], extra: { a: ['b'] } };

const make = async (spec: object = {}, user = JANE): Promise<CertificateSigningRequest> => {
  const request = Buffer.from(await certificateRequestOf('CN=jane,O=team')).toString('base64');
  const asked = { request, signerName: CLIENT, usages: ['client auth'], username: 'forged', ...spec };
  return (await api.registry.create(
    api.kind('CertificateSigningRequest'),
    undefined,
    { metadata: { name: 'r' }, spec: asked },
    testContext({ user }),
  )) as CertificateSigningRequest;
};

const get = () => api.get<CertificateSigningRequest>('CertificateSigningRequest', 'r');
const write = (status: object, subresource: 'status' | 'approval' | undefined, user = ADMIN) =>
  api.registry.update(
    api.kind('CertificateSigningRequest'),
    { name: 'r' },
    { ...get(), status } as never,
    testContext({ user }),
    subresource,
  );
const approved = { conditions: [{ type: 'Approved', status: 'True', reason: 'Test', message: 'yes' }] };
const certificate = Buffer.from('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n').toString(
  'base64',
);
const row = (): string => {
  const [, , , requestor, duration, condition] = api.kind('CertificateSigningRequest').row(get(), 0);
  return [requestor, duration, condition].join(' ');
};

describe('CertificateSigningRequest', () => {
  it('says who asked, whatever the request says', async () => {
    const { spec, status } = await make({ expirationSeconds: 3600 });
    assert.deepEqual(
      [spec.username, spec.uid, spec.groups, spec.extra],
      ['jane', 'u1', ['team'], { a: ['b'] }],
    );
    assert.deepEqual(status, {});
    assert.equal(row(), 'jane 60m Pending');
  });

  it('is approved through its subresource only, then gets its certificate, once', async () => {
    await make();
    await write(approved, undefined);
    assert.equal(row(), 'jane <none> Pending');
    await write({ ...approved, certificate }, 'approval').catch(() => {});
    await write(approved, 'approval');
    assert.ok(get().status?.conditions?.[0]?.lastUpdateTime);
    assert.equal(row(), 'jane <none> Approved');
    await write({ ...get().status, certificate }, 'status');
    assert.equal(row(), 'jane <none> Approved,Issued');
    const other = Buffer.from(`${Buffer.from(certificate, 'base64')}\n`).toString('base64');
    assert.match(
      (await statusOf(write({ ...get().status, certificate: other }, 'status'))).message ?? '',
      /status.certificate: Forbidden: updates may not modify existing certificate content/,
    );
  });

  it('cannot be approved by a write to its status, nor be approved and denied', async () => {
    await make();
    assert.match(
      (await statusOf(write(approved, 'status'))).message ?? '',
      /updates may not add a condition of type "Approved"/,
    );
    const both = { conditions: [...approved.conditions, { type: 'Denied', status: 'True' }] };
    assert.match((await statusOf(write(both, 'approval'))).message ?? '', /mutually exclusive/);
  });

  it('wants the right to approve and to sign for its signer', async () => {
    await make();
    const approve = await statusOf(write(approved, 'approval', JANE));
    assert.deepEqual(
      [approve.code, approve.message],
      [
        403,
        `certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "${CLIENT}"`,
      ],
    );
    await write(approved, 'approval');
    const sign = await statusOf(write({ ...get().status, certificate }, 'status', JANE));
    assert.match(sign.message ?? '', /user not permitted to sign requests with signerName/);
  });

  it('makes no masters', async () => {
    const request = Buffer.from(await certificateRequestOf('CN=x,O=system:masters')).toString('base64');
    assert.match(
      (await statusOf(make({ request }))).message ?? '',
      /use of kubernetes.io\/kube-apiserver-client signer with system:masters group is not allowed$/,
    );
  });

  it('goes an hour after it was issued, and a day after it came where nobody cares', async () => {
    await make();
    await write(approved, 'approval');
    await write({ ...get().status, certificate }, 'status');
    await api.clock.advance(59 * 60_000);
    assert.equal(row(), 'jane <none> Approved,Issued');
    await api.clock.advance(2 * 60_000);
    assert.throws(get, { reason: 'NotFound' });
    await make();
    await api.clock.advance(23 * 3_600_000);
    assert.equal(row(), 'jane <none> Pending');
    await api.clock.advance(2 * 3_600_000);
    assert.throws(get, { reason: 'NotFound' });
  });

  for (const [wrong, finding] of [
    [{ request: Buffer.from('x').toString('base64') }, 'PEM block type must be CERTIFICATE REQUEST'],
    [{ usages: [] }, 'spec.usages: Required value'],
    [{ usages: ['odd'] }, 'spec.usages[0]: Unsupported value: "odd"'],
    [{ usages: ['any', 'any'] }, 'spec.usages[1]: Duplicate value: "any"'],
    [
      { signerName: 'plain' },
      'spec.signerName: Invalid value: "plain": must be a fully qualified domain and path',
    ],
    [{ signerName: '' }, 'spec.signerName: Required value'],
    [{ expirationSeconds: 60 }, 'may not specify a duration less than 600 seconds (10 minutes)'],
  ] as const)
    it(`refuses ${JSON.stringify(wrong)}`, async () => {
      const { code, message } = await statusOf(make(wrong));
      assert.equal(code, 422);
      assert.ok(message?.includes(finding), message);
    });
});
