// Who may do what, asked by the real kubectl: roles and their refusals, escalation, reviews, impersonation, nodes, tokens.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { startInformer } from '../../src/informer/informer.ts';
import { clusterRoles, namespaces, nodes, pods, serviceAccounts } from '../../src/k8s/resources.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import type { KeyPair } from '../../src/pki/authority.ts';
import { roleIndexes, startRoles } from '../../src/roles/roles.ts';
import { eventually } from '../support/poll.ts';
import { type RawRequest, raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';

const ROLES = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: config, namespace: team }
rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get, list, create] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: config, namespace: team }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: config }
subjects: [{ kind: User, name: jane, apiGroup: rbac.authorization.k8s.io }]
`;

const issuer = 'https://kubernetes.default.svc.cluster.local';

describe('access', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podnet-audit-'));
  const auditLog = join(folder, 'audit.log');
  let api: TestApiServer;
  let node: KeyPair;
  before(async () => {
    api = await startTestApiServer({ auditLog });
    node = await api.authority.issue({
      commonName: 'system:node:n1',
      organizations: ['system:nodes'],
      usage: 'client',
    });
    for (const name of ['default', 'team']) await api.put(namespaces, { metadata: { name } });
    await api.put(serviceAccounts, { metadata: { name: 'default', namespace: 'team' } });
  });
  after(async () => {
    await api?.close();
    rmSync(folder, { recursive: true });
  });

  const kubectl = async (args: readonly string[], input?: string, version = '1.36'): Promise<string> => {
    const { stdout, stderr } = await api.kubectl(version, args, input === undefined ? {} : { input });
    return `${stdout}${stderr}`.trimEnd();
  };
  const ask = async (path: string, options: Partial<RawRequest> = {}) => {
    const { code, body, headers } = await raw({ port: api.port, identity: api.admin, ...options, path });
    return { code, headers, body: JSON.parse(String(body)) };
  };
  const post = (path: string, body: object, options: Partial<RawRequest> = {}) =>
    ask(path, { method: 'POST', body: JSON.stringify(body), ...options });

  for (const version of KUBECTL_VERSIONS) {
    it(`roles let in and refuse, kubectl ${version}`, async () => {
      const as = (user: string, ...args: readonly string[]) =>
        kubectl([...args, '-n', 'team', '--as', user], undefined, version);
      await kubectl(['apply', '-f', '-'], ROLES, version);
      assert.match(await kubectl(['get', 'role', '-n', 'team']), /^NAME +CREATED AT\nconfig +20\d\d-.*Z$/);
      assert.match(
        await kubectl(['get', 'rolebinding', '-n', 'team', '-o', 'wide']),
        /config +Role\/config +\S+ +jane/,
      );
      assert.equal(await as('jane', 'get', 'cm'), 'No resources found in team namespace.');
      assert.equal(
        await as('jane', 'delete', 'cm', 'x'),
        'Error from server (Forbidden): configmaps "x" is forbidden: User "jane" cannot delete resource "configmaps" in API group "" in the namespace "team"',
      );
      assert.equal(
        await as('jane', 'get', 'nodes'),
        'Error from server (Forbidden): nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
      );
      assert.equal(await as('jane', 'auth', 'can-i', 'create', 'configmaps'), 'yes');
      assert.equal(await as('jane', 'auth', 'can-i', 'create', 'pods/exec'), 'no');
      assert.match(
        await as('jane', 'auth', 'can-i', '--list'),
        /^configmaps +\[\] +\[\] +\[get list create\]$/m,
      );
      assert.match(await as('jane', 'auth', 'whoami'), /Username +jane\nGroups +\[system:authenticated\]/);
    });
  }

  it('auth reconcile adds what is missing and keeps the rest', async () => {
    const more = ROLES.replace('[get, list, create]', '[get, watch]');
    assert.match(await kubectl(['auth', 'reconcile', '-f', '-'], more), /config reconciled/);
    assert.equal(
      await kubectl(['get', 'role', 'config', '-n', 'team', '-o', 'jsonpath={.rules[*].verbs}']),
      '["get","list","create"] ["watch"]',
    );
  });

  it('nobody grants what they do not have, unless they may escalate or bind', async () => {
    await kubectl(['create', 'rolebinding', 'joe', '-n', 'team', '--clusterrole=admin', '--user=joe']);
    const asJoe = (...args: readonly string[]) => kubectl([...args, '-n', 'team', '--as=joe']);
    assert.equal(
      await asJoe('create', 'role', 'fine', '--verb=get', '--resource=pods'),
      'role.rbac.authorization.k8s.io/fine created',
    );
    assert.equal(
      await asJoe('create', 'role', 'r', '--verb=get,list', '--resource=nodes'),
      'Error from server (Forbidden): roles.rbac.authorization.k8s.io "r" is forbidden: user "joe" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}',
    );
    assert.match(
      await asJoe('create', 'rolebinding', 'b', '--clusterrole=cluster-admin', '--user=joe'),
      /rolebindings\.rbac\.authorization\.k8s\.io "b" is forbidden: user "joe" .*not currently held:\n\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}\n\{NonResourceURLs:\["\*"\], Verbs:\["\*"\]\}/,
    );
    assert.match(
      await asJoe('create', 'rolebinding', 'b', '--role=gone', '--user=joe'),
      /role\.rbac\.authorization\.k8s\.io "gone" not found/,
    );
    const rule = (verb: string, resource: string) => [`--verb=${verb}`, `--resource=${resource}`];
    await kubectl([
      'create',
      'role',
      'up',
      '-n',
      'team',
      ...rule('escalate', 'roles.rbac.authorization.k8s.io'),
    ]);
    await kubectl(['create', 'rolebinding', 'up', '-n', 'team', '--role=up', '--user=joe']);
    assert.match(await asJoe('create', 'role', 'r', ...rule('get', 'nodes')), /r created/);
  });

  it('a binding keeps its role', async () => {
    const other = ROLES.replace('kind: Role, name: config', 'kind: Role, name: fine');
    assert.match(
      await kubectl(['apply', '-f', '-'], other),
      /is invalid: roleRef: Invalid value: \{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"fine"\}: cannot change roleRef/,
    );
  });

  it('impersonation needs the verb on each header', async () => {
    assert.match(
      await kubectl(['get', 'cm', '--as=jane', '--as-group=system:masters']),
      /No resources found/,
    );
    await kubectl([
      'create',
      'clusterrole',
      'act',
      '--verb=impersonate',
      '--resource=users',
      '--resource-name=joe',
    ]);
    await kubectl([
      'create',
      'clusterrolebinding',
      'act',
      '--clusterrole=act',
      '--serviceaccount=team:default',
    ]);
    const token = await kubectl(['create', 'token', 'default', '-n', 'team']);
    const by = (headers: Record<string, string | string[]>) =>
      ask('/api/v1/namespaces/team/pods', {
        identity: undefined,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
    assert.equal((await by({ 'Impersonate-User': 'joe' })).code, 200);
    const { body } = await by({ 'Impersonate-User': 'joe', 'Impersonate-Group': ['system:masters'] });
    assert.equal(
      body.message,
      'groups "system:masters" is forbidden: User "system:serviceaccount:team:default" cannot impersonate resource "groups" in API group "" at the cluster scope',
    );
    const extra = await by({ 'Impersonate-User': 'joe', 'Impersonate-Extra-Scopes%2Fa': 'view' });
    assert.match(extra.body.message, /cannot impersonate resource "userextras\/scopes\/a"/);
    assert.equal(
      (await by({ 'Impersonate-Group': 'devs' })).body.message,
      'requested [{Group  devs    }] without impersonating a user',
    );
  });

  it('others may ask about others, and are told what a question lacks', async () => {
    const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const asked = { resourceAttributes: { verb: 'get', resource: 'configmaps', namespace: 'team' } };
    const allowed = await post(reviews, { spec: { user: 'jane', ...asked } });
    assert.deepEqual(allowed.body.status, {
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "config/team" of Role "config" to User "jane"',
    });
    assert.equal(
      (await post(reviews, { spec: asked })).body.message,
      'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
    );
    const local = await post('/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews', {
      spec: { user: 'jane', ...asked },
    });
    assert.match(local.body.message, /spec\.resourceAttributes\.namespace: .*must match metadata\.namespace/);
  });

  it('admin, edit and view take in the roles that are labelled for them', async () => {
    const common = { client: api.client, clock: systemClock, log: silentLog };
    const informer = startInformer({ ...common, resource: clusterRoles, indexes: roleIndexes.clusterRoles });
    const controller = startRoles({ ...common, clusterRoles: informer });
    try {
      await kubectl([
        'create',
        'clusterrole',
        'widgets',
        '--verb=create',
        '--resource=deployments.apps/widgets',
      ]);
      const may = () =>
        kubectl([
          'auth',
          'can-i',
          'create',
          'deployments.apps',
          '--subresource=widgets',
          '-n',
          'team',
          '--as=joe',
        ]);
      assert.equal(await may(), 'no');
      await kubectl(['label', 'clusterrole', 'widgets', 'rbac.authorization.k8s.io/aggregate-to-edit=true']);
      await eventually('joe, an admin', async () => (await may()) === 'yes');
      await kubectl(['delete', 'clusterrole', 'widgets']);
      await eventually('no more', async () => (await may()) === 'no');
    } finally {
      await controller.stop();
      informer.stop();
    }
  });

  it('a node has what its own pods need, and writes to what is its own', async () => {
    const pod = (name: string, nodeName: string) => ({
      metadata: { name, namespace: 'team' },
      spec: {
        nodeName,
        containers: [
          {
            name: 'c',
            image: 'x',
            env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'mine', key: 'k' } } }],
          },
        ],
      },
    });
    for (const name of ['n1', 'n2']) await api.put(nodes, { metadata: { name } });
    const own = await api.put(pods, pod('own', 'n1'));
    await api.put(pods, { ...pod('other', 'n2') });
    for (const name of ['mine', 'theirs'])
      await kubectl(['create', 'secret', 'generic', name, '-n', 'team', '--from-literal=k=v']);
    const asNode = (path: string, options: Partial<RawRequest> = {}) =>
      ask(path, { identity: node, ...options });
    assert.equal((await asNode('/api/v1/namespaces/team/secrets/mine')).code, 200);
    assert.equal(
      (await asNode('/api/v1/namespaces/team/secrets/theirs')).body.message,
      `secrets "theirs" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "team": no relationship found between node 'n1' and this object`,
    );
    assert.match(
      (await asNode('/api/v1/secrets')).body.message,
      /can only read namespaced object of this type$/,
    );
    assert.equal(
      (await asNode('/api/v1/namespaces/team/secrets?fieldSelector=metadata.name%3Dmine')).code,
      200,
    );
    const configMap = (name: string) =>
      asNode(`/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3D${name}`);
    assert.equal((await configMap('coredns')).code, 200, 'an agent is a DNS server too');
    assert.equal((await configMap('other')).code, 403);
    const patch = (path: string) =>
      asNode(path, {
        method: 'PATCH',
        body: '{"metadata":{"labels":{"a":"b"}}}',
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    assert.equal((await patch('/api/v1/nodes/n1')).code, 200);
    assert.equal(
      (await patch('/api/v1/nodes/n2')).body.message,
      'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
    );
    assert.equal((await patch('/api/v1/namespaces/team/pods/own/status')).code, 200);
    assert.match(
      (await patch('/api/v1/namespaces/team/pods/other/status')).body.message,
      /node "n1" can only update pod status for pods with spec.nodeName set to itself/,
    );
    assert.equal((await patch('/api/v1/namespaces/team/pods/own')).code, 403);
    const token = (name: string, uid?: string) =>
      post(
        '/api/v1/namespaces/team/serviceaccounts/default/token',
        { spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, ...(uid && { uid }) } } },
        { identity: node },
      );
    const made = await token('own', own.metadata.uid);
    const claims = JSON.parse(Buffer.from(made.body.status.token.split('.')[1], 'base64url').toString());
    assert.deepEqual(Object.keys(claims['kubernetes.io']), ['namespace', 'serviceaccount', 'pod', 'node']);
    assert.match((await token('own')).body.message, /node requested token with a pod binding without a uid/);
    assert.match(
      (await token('other', 'x')).body.message,
      /the UID in the bound object reference \(x\) does not match/,
    );
  });

  it('others verify tokens by the keys that the issuer publishes, to ServiceAccounts only', async () => {
    const token = await kubectl(['create', 'token', 'default', '-n', 'team', '--audience=vault']);
    const api0 = await kubectl(['create', 'token', 'default', '-n', 'team']);
    const headers = { authorization: `Bearer ${api0}` };
    const asAccount = { identity: undefined, headers };
    const found = await ask('/.well-known/openid-configuration', asAccount);
    assert.equal(found.body.issuer, issuer);
    assert.equal(found.body.jwks_uri, `${issuer}/openid/v1/jwks`);
    const keys = await ask('/openid/v1/jwks', asAccount);
    assert.equal(keys.headers['content-type'], 'application/jwk-set+json');
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys.body), { issuer, audience: 'vault' });
    assert.equal(payload.sub, 'system:serviceaccount:team:default');
    assert.equal((await ask('/openid/v1/jwks', { identity: undefined })).code, 403);
  });

  it('a role that a cluster has from the start comes back as it was', async () => {
    const names = await kubectl(['get', 'clusterroles', '-o', 'name']);
    for (const name of ['cluster-admin', 'admin', 'edit', 'view', 'system:node', 'system:discovery'])
      assert.ok(names.split('\n').includes(`clusterrole.rbac.authorization.k8s.io/${name}`), name);
    const can = (level: string, ...question: readonly string[]) =>
      kubectl(['auth', 'can-i', ...question, '-n', 'team', '--as=x', `--as-group=${level}`]);
    for (const level of ['view', 'edit'])
      await kubectl([
        'create',
        'rolebinding',
        level,
        '-n',
        'team',
        `--clusterrole=${level}`,
        `--group=${level}`,
      ]);
    assert.equal(await can('view', 'list', 'pods'), 'yes');
    assert.equal(await can('view', 'get', 'secrets'), 'no');
    assert.equal(await can('edit', 'get', 'secrets'), 'yes');
    assert.equal(await can('edit', 'create', 'rolebindings.rbac.authorization.k8s.io'), 'no');
  });

  it('the audit log has a line for each answer, and no secrets', async () => {
    const secret = {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 'audited' },
      stringData: { k: 'hush' },
    };
    const { code, headers } = await post('/api/v1/namespaces/team/secrets', secret, {
      headers: { 'impersonate-user': 'joe', 'user-agent': 'test/1' },
    });
    assert.equal(code, 201);
    const lines = () =>
      readFileSync(auditLog, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    const id = headers['audit-id'];
    await eventually('the line', () => lines().some(({ auditID }) => auditID === id));
    const { requestReceivedTimestamp, stageTimestamp, ...event } = lines().find(
      ({ auditID }) => auditID === id,
    );
    assert.ok(requestReceivedTimestamp <= stageTimestamp);
    assert.deepEqual(event, {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: id,
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/team/secrets',
      verb: 'create',
      user: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
      impersonatedUser: { username: 'joe', groups: ['system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      userAgent: 'test/1',
      objectRef: { resource: 'secrets', namespace: 'team', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason':
          'RBAC: allowed by RoleBinding "joe/team" of ClusterRole "admin" to User "joe"',
      },
    });
    const text = readFileSync(auditLog, 'utf8');
    assert.ok(!text.includes('hush'));
    assert.ok(!/"eyJ|Bearer/.test(text));
    const refused = lines().find(({ responseStatus }) => responseStatus.code === 403);
    assert.equal(refused.annotations['authorization.k8s.io/decision'], 'forbid');
    assert.equal(refused.responseStatus.reason, 'Forbidden');
  });
});
