// An admission webhook that runs in a pod, behind a Service, as webhooks do: the API server calls it over the pod network.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createAuthority } from '../../src/pki/authority.ts';
import { eventually } from '../support/poll.ts';
import { type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const PATCH = Buffer.from('[{"op":"add","path":"/data","value":{"seen":"yes"}}]').toString('base64');

// HTTP by hand: the toolbox has a shell, and socat for TLS.
const SCRIPT = `
length=0
while read -r line; do
  line=$(printf %s "$line" | tr -d '\\r')
  case "$line" in [Cc]ontent-[Ll]ength:*) length=\${line#*: } ;; '') break ;; esac
done
uid=$(head -c "$length" | sed 's/.*"request":{"uid":"\\([^"]*\\)".*/\\1/')
body='{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"'$uid'","allowed":true,"patchType":"JSONPatch","patch":"${PATCH}"}}'
printf 'HTTP/1.1 200 OK\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' "\${#body}" "$body"
`;

const objects = (pem: string) =>
  [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'webhook' },
      stringData: { 'tls.pem': pem, 'answer.sh': SCRIPT },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'webhook' },
      spec: {
        selector: { matchLabels: { app: 'webhook' } },
        template: {
          metadata: { labels: { app: 'webhook' } },
          spec: {
            terminationGracePeriodSeconds: 1,
            volumes: [{ name: 'files', secret: { secretName: 'webhook' } }],
            containers: [
              {
                name: 'webhook',
                image: 'podnet/toolbox',
                command: [
                  'socat',
                  'OPENSSL-LISTEN:8443,reuseaddr,fork,cert=/files/tls.pem,verify=0',
                  'EXEC:sh /files/answer.sh',
                ],
                ports: [{ containerPort: 8443 }],
                readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
                volumeMounts: [{ name: 'files', mountPath: '/files' }],
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'webhook' },
      spec: { selector: { app: 'webhook' }, ports: [{ port: 443, targetPort: 8443 }] },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join('\n---\n');

const configuration = (ca: string): string =>
  JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'webhook' },
    webhooks: [
      {
        name: 'webhook.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 10,
        clientConfig: {
          service: { namespace: 'default', name: 'webhook', path: '/mutate' },
          caBundle: Buffer.from(ca).toString('base64'),
        },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
    ],
  });

describe('a webhook in a pod', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('webhooks', { nodes: 2 });
    const authority = await createAuthority('webhook-ca');
    const tls = await authority.issue({
      commonName: 'webhook',
      organizations: [],
      dnsNames: ['webhook.default.svc'],
      usage: 'server',
    });
    await cluster.kubectl(['apply', '-f', '-'], objects(tls.certificate + tls.key));
    await cluster.kubectl(['rollout', 'status', 'deployment/webhook', '--timeout=60s']);
    await cluster.kubectl(['apply', '-f', '-'], configuration(authority.certificate));
  });
  after(() => cluster?.down());

  it('is called through its Service', async () => {
    await cluster.kubectl(['create', 'configmap', 'a']);
    const seen = await cluster.kubectl(['get', 'configmap', 'a', '-o', 'jsonpath={.data.seen}']);
    assert.equal(seen, 'yes');
  });

  it('that is gone refuses what it should have seen, and nothing else', async () => {
    await cluster.kubectl(['scale', 'deployment/webhook', '--replicas=0']);
    await eventually('its endpoints are gone', async () => {
      const addresses = await cluster.kubectl(['get', 'endpoints', 'webhook', '-o', 'jsonpath={.subsets}']);
      return addresses === '';
    });
    const { code, stderr } = await cluster.tryKubectl(['create', 'configmap', 'b']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /failed calling webhook "webhook\.example\.com": failed to call webhook: Post "https:\/\/webhook\.default\.svc:443\/mutate\?timeout=10s": no endpoints available for service "webhook"/,
    );
    await cluster.kubectl(['-n', 'kube-public', 'create', 'configmap', 'b']);
  });
});
