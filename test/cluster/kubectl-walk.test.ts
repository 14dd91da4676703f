// kubectl, the real one, in two versions: a walk through what kubectl.test.ts leaves out. A table: a command and what it says.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { certificateRequestOf } from '../support/certificate-requests.ts';
import { KUBECTL_VERSIONS, type TestCluster, startTestCluster } from '../support/test-cluster.ts';

/** A line as one types it, with '...' around words with spaces; the expected output, or error where it fails. */
type Step = readonly [line: string, says: RegExp | string, fails?: 'fails'];

const PRUNED = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kept }\ndata: { k: v }\n`;
const GROUP = `${PRUNED}---\n${PRUNED.replace('kept', 'pruned')}`;
const ROLE = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reconciled }
rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]
`;

const template = `
  selector: { matchLabels: { app: APP } }
  template:
    metadata: { labels: { app: APP } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: c, image: podnet/toolbox, command: [sleep, infinity] }] }
`;
const STATEFUL_SET = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: s }
spec:
  replicas: 2
  serviceName: s${template.replaceAll('APP', 's')}`;
const DAEMON_SET = `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: ds }
spec:${template.replaceAll('APP', 'ds')}`;

const signingRequest = async (name: string): Promise<string> => `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: ${name} }
spec:
  request: ${Buffer.from(await certificateRequestOf('CN=jane,O=team')).toString('base64')}
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
`;

const files: Readonly<Record<string, string>> = {
  'forced.yaml': PRUNED.replace('kept', 'forced'),
  'group.yaml': GROUP,
  'kept.yaml': PRUNED,
  'role.yaml': ROLE,
  'stateful.yaml': STATEFUL_SET,
  'daemon.yaml': DAEMON_SET,
  'manifests/base.yaml': PRUNED.replace('kept', 'a'),
  'manifests/kustomization.yaml': 'namePrefix: my-\nresources: [base.yaml]\n',
  columns: 'KEY\n.data.k\n',
};

const rolledOut: Step = ['rollout status deploy/d --timeout=60s', /successfully rolled out/];

const ANYTHING = /^/;

/** Of a kind whose revisions are ControllerRevisions. */
const revisions = (what: string, file: string, done: RegExp): readonly Step[] => {
  const isDone: Step = [`rollout status ${what} --timeout=90s`, done];
  return [
    [`apply -f ${file}`, /created/],
    isDone,
    [`set env ${what} V=2`, /env updated/],
    isDone,
    [`rollout history ${what}`, /^REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/m],
    [`rollout history ${what} --revision=2`, /V:\s+2/],
    [`rollout undo ${what} --to-revision=99`, /unable to find specified revision 99/, 'fails'],
    [`rollout undo ${what} --dry-run=server`, /rolled back|Pod Template/],
    [`rollout undo ${what}`, /rolled back/],
    isDone,
    [`set env ${what} --list`, /^# .*, container c\n$/],
    [`rollout restart ${what}`, /restarted/],
    isDone,
    [`rollout history ${what}`, /\n2 +<none>\n3 +<none>\n4 +<none>\n/],
    [`rollout pause ${what}`, /pausing is not supported/, 'fails'],
    [`delete ${what}`, /deleted/],
  ];
};

/** `N` in a name stands for the version: what is not namespaced must not meet the other one's. */
const walk: Readonly<Record<string, readonly Step[]>> = {
  'set: env, resources, image, service account, selector': [
    ['create deployment d --image=nginx --replicas=1 --port=80', /created/],
    ['set env deploy/d A=b', /env updated/],
    ['set env deploy/d --list', /^# Deployment d, container nginx\nA=b\n$/],
    ['set resources deploy/d --requests=cpu=10m', /resource requirements updated/],
    ['set serviceaccount deploy/d default', /serviceaccount updated/],
    ['set image deploy/d nginx=podnet/nginx', /image updated/],
    ['create service clusterip d --tcp=80', /created/],
    ['set selector service/d app=d,tier=web', /selector updated/],
    ["get service d -o jsonpath='{.spec.selector}'", '{"app":"d","tier":"web"}'],
    rolledOut,
  ],
  'rollout: history, pause, resume, undo': [
    ['rollout history deploy/d --revision=1', /Image:\s+nginx/],
    ['rollout pause deploy/d', /paused/],
    ['rollout pause deploy/d', /already paused/, 'fails'],
    ['set env deploy/d P=1', /updated/],
    ["get deploy d -o jsonpath='{.spec.paused}'", 'true'],
    ['rollout undo deploy/d', /cannot rollback a paused deployment/, 'fails'],
    ['rollout resume deploy/d', /resumed/],
    rolledOut,
    ['rollout undo deploy/d --to-revision=99', /unable to find specified revision 99/, 'fails'],
    ['rollout undo deploy/d', /rolled back/],
    rolledOut,
    ['set env deploy/d --list', '# Deployment d, container nginx\nA=b\n'],
  ],
  'StatefulSet: rollout status, history, undo, restart': revisions(
    'statefulset/s',
    'stateful.yaml',
    /rolling update complete 2 pods at revision s-|roll out complete/,
  ),
  'DaemonSet: rollout status, history, undo, restart': revisions(
    'daemonset/ds',
    'daemon.yaml',
    /daemon set "ds" successfully rolled out/,
  ),
  'certificate: approve, deny': [
    ['apply -f csr-yes-N.yaml', /created/],
    ['apply -f csr-no-N.yaml', /created/],
    ['get csr yes-N', /kubernetes-admin +<none> +Pending/],
    ['certificate approve yes-N', /approved/],
    ['certificate deny no-N', /denied/],
    ["wait csr/yes-N --for=jsonpath='{.status.certificate}' --timeout=60s", /condition met/],
    ['get csr yes-N no-N', /Approved,Issued\n[\s\S]*Denied\n/],
  ],
  'debug: in a pod, in a copy of it, on its node': [
    ['run box --image=podnet/toolbox --command -- sleep infinity', /created/],
    ['wait pod/box --for=condition=Ready --timeout=60s', /condition met/],
    [
      'debug box --image=podnet/toolbox -c look --target=box --profile=general -- ps',
      /^Targeting container "box"/,
    ],
    [
      "wait pod/box --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}'=0 --timeout=60s",
      /condition met/,
    ],
    ['logs box -c look', /sleep infinity/],
    ['debug box --copy-to=copy --image=podnet/toolbox -c extra --share-processes -- sleep 1000', ANYTHING],
    ['wait pod/copy --for=condition=Ready --timeout=60s', /condition met/],
    ['exec copy -c extra -- ps', /sleep infinity[\s\S]*sleep 1000/],
    ['debug box --copy-to=other --set-image=box=podnet/nginx --container=box -- nginx', ANYTHING],
    ["get pod other -o jsonpath='{.spec.containers[0].image}'", 'podnet/nginx'],
    ['delete pods box copy other --now', /deleted/],
    ['debug node/node-1 --image=podnet/toolbox --profile=baseline -- hostname', ANYTHING],
    ["wait pods -l !app --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s", /condition met/],
    ['logs -l !app', /^node-debugger-node-1-/],
    ['delete pods -l !app --now', /deleted/],
    ['debug node/node-1 --image=podnet/toolbox --profile=general -- ps', ANYTHING], // asks for the machine's processes
    ["wait pods -l !app --for=jsonpath='{.status.phase}'=Failed --timeout=60s", /condition met/],
    ['get pods -l !app', / 0\/1 +HostNamespaceForbidden /],
    ['delete pods -l !app --now', /deleted/],
  ],
  'wait, events, subresources': [
    ['patch deploy d --subresource=scale --type=merge -p \'{"spec":{"replicas":2}}\'', /patched/],
    ["wait deploy/d --for=jsonpath='{.status.readyReplicas}'=2 --timeout=60s", /condition met/],
    [
      "get deploy d --subresource=scale -o jsonpath='{.kind} {.spec.replicas} {.status.selector}'",
      'Scale 2 app=d',
    ],
    ['get deploy d --subresource=status', /^NAME +READY/],
    ['wait --for=create deploy/d', /condition met/],
    ["wait deploy/d --for=jsonpath='{.spec.replicas}'=7 --timeout=1s", /timed out waiting/, 'fails'],
    ['events --for deploy/d --types=Normal', /ScalingReplicaSet/],
  ],
  'autoscale: 1.32 by autoscaling/v1, 1.36 by autoscaling/v2': [
    ['autoscale deploy d --min=1 --max=3', /autoscaled/],
    ['get hpa', /d +Deployment\/d +cpu: <unknown>\/80% +1 +3 +0/],
    ['get hpa.v1.autoscaling d', /d +Deployment\/d +cpu: <unknown>\/80% +1 +3 +0/],
    ['describe hpa d', /resource cpu on pods .*: +<unknown> \/ 80%\nMin replicas: +1\nMax replicas: +3\n/],
  ],
  'top: there is no metrics API': [['top pods', /Metrics API not available/, 'fails']],
  'delete: orphaned, in the foreground, now': [
    ['delete deploy d --cascade=orphan', /deleted/],
    ['get pods -l app=d --no-headers -o custom-columns=N:.status.phase', /^(Running\n){2,}$/],
    ['delete rs -l app=d --cascade=foreground', /deleted/],
    ['get pods -l app=d -o name', ''],
    ['run gone --image=podnet/toolbox --restart=Never -- sleep infinity', /created/],
    ['delete pod gone --now', /deleted/],
    ['delete pod gone --ignore-not-found', ''],
  ],
  'create: all generators': [
    ['create job j --image=podnet/toolbox -- true', /job.batch\/j created/],
    ["create cronjob c --image=podnet/toolbox --schedule='0 0 * * *' -- true", /cronjob.batch\/c created/],
    ['create job from-c --from=cronjob/c', /job.batch\/from-c created/],
    ['create ingress i --rule=a.example.com/*=d:80', /ingress.networking.k8s.io\/i created/],
    ['create pdb p --selector=app=d --min-available=1', /poddisruptionbudget.policy\/p created/],
    ['create priorityclass pc-N --value=10', /created/],
    ['create quota q --hard=pods=20', /resourcequota\/q created/],
    ['create serviceaccount sa', /created/],
    ['create secret docker-registry dr --docker-server=a --docker-username=b --docker-password=c', /created/],
    ['create service nodeport np --tcp=80', /created/],
    ['create service externalname en --external-name=a.example.com', /created/],
    ['create service loadbalancer lb --tcp=80', /created/],
    ['create role r --verb=get,list --resource=pods', /created/],
    ['create rolebinding r --role=r --user=anna', /created/],
    ['create clusterrole cr-N --verb=get --resource=nodes', /created/],
    ['create clusterrolebinding cr-N --clusterrole=cr-N --user=anna', /created/],
    [
      'create role r --verb=get --resource=nothing',
      /the server doesn't have a resource type "nothing"/,
      'fails',
    ],
  ],
  'auth: can-i, as another, reconcile': [
    ['auth can-i list pods --as anna', 'yes\n'],
    ['auth can-i delete pods --as anna', 'no\n', 'fails'],
    ['auth can-i --list --as anna', /pods +\[\] +\[\] +\[get list\]/],
    ['get pods --as nobody', /User "nobody" cannot list resource "pods" in API group ""/, 'fails'],
    ['get nodes --as anna', /cannot list resource "nodes"/, 'fails'],
    ['get node node-1 --as anna -o name', 'node/node-1\n'],
    ['auth reconcile -f role.yaml', /clusterrole\.rbac\.authorization\.k8s\.io\/reconciled reconciled/],
    ['get clusterrole reconciled --as anna', /cannot get resource "clusterroles"/, 'fails'],
  ],
  'nodes: taint, cordon, drain': [
    ['taint node node-2 walk=N:NoSchedule', /tainted/],
    ['taint node node-2 walk-', /untainted/],
    ['cordon node-2', /cordoned/],
    ['drain node-2 --ignore-daemonsets --force --dry-run=server', /node\/node-2 drained \(server dry run\)/],
    ['uncordon node-2', /uncordoned/],
  ],
  'apply, replace, kustomize, prune': [
    ['replace --force -f forced.yaml', /configmap\/forced replaced/],
    ['replace --force -f forced.yaml', /"forced" deleted[\s\S]*configmap\/forced replaced/],
    ['apply -k manifests', 'configmap/my-a created\n'],
    ['diff -k manifests', ''],
    ['kustomize manifests', /name: my-a/],
    ['apply view-last-applied cm/my-a', /k: v/],
    ['apply -f group.yaml --prune --applyset=walk', /configmap\/kept created\nconfigmap\/pruned created/],
    ['apply -f kept.yaml --prune --applyset=walk', /configmap\/kept unchanged\nconfigmap\/pruned pruned/],
    ['get cm pruned', /not found/, 'fails'],
    ['delete -k manifests', /"my-a" deleted/],
  ],
  'get: columns, paths, chunks; label, annotate': [
    ['get cm kept -o jsonpath-as-json={.data}', /^\[\s+\{\s+"k": "v"\s+\}\s+\]\s*$/],
    ['get cm kept -o custom-columns-file=columns', /^KEY\nv\n$/],
    ['get cm --chunk-size=1 -o name', /configmap\/forced\n[\s\S]*configmap\/kept\n/],
    ['get cm --sort-by=.metadata.creationTimestamp -o name', /configmap\/forced\n(.*\n)*configmap\/kept\n/],
    ['label cm kept x=y', /labeled/],
    ['label cm kept x=z', /'x' already has a value \(y\), and --overwrite is false/, 'fails'],
    ['label cm kept x-', /unlabeled/],
    ['label cm --all q=r', /configmap\/kept labeled/],
    ['annotate cm --all q=r', /configmap\/kept annotated/],
    ['get cm -l q=r --field-selector metadata.name=kept -o name', 'configmap/kept\n'],
  ],
  'what the server is: api-resources, explain, cluster-info, config, raw paths': [
    [
      'api-resources --api-group=apps --sort-by=name',
      /controllerrevisions[\s\S]*daemonsets +ds +apps\/v1[\s\S]*statefulsets/,
    ],
    ['api-resources --namespaced=false --verbs=list -o name', /^nodes$/m],
    ['explain hpa.spec.metrics', /FIELD: metrics <\[\]MetricSpec>/],
    ['cluster-info', /control plane.* is running at .*https:\/\//],
    ['cluster-info dump --namespaces default', /"kind": "NodeList"/],
    ['config view --minify', /current-context: podnet-kubectl-walk/],
    ['get --raw /readyz?verbose', /readyz check passed/],
    ['get --raw /openapi/v3', /"apis\/apps\/v1"/],
  ],
};

const shortOf = (version: string): string => version.replace('.', '-');

const words = (line: string): string[] =>
  line.match(/(?:[^\s']|'[^']*')+/g)!.map((word) => word.replaceAll("'", ''));

describe('a walk through kubectl', () => {
  let cluster: TestCluster;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-walk-'));
    mkdirSync(join(folder, 'manifests'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    for (const name of ['yes', 'no'])
      for (const version of KUBECTL_VERSIONS.map(shortOf))
        writeFileSync(
          join(folder, `csr-${name}-${version}.yaml`),
          await signingRequest(`${name}-${version}`),
        );
    cluster = await startTestCluster('kubectl-walk', { nodes: 2 });
  });
  after(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true });
  });

  for (const version of KUBECTL_VERSIONS) {
    describe(version, () => {
      const short = shortOf(version);
      const namespace = `walk-${short}`;
      before(() => cluster.kubectl(['create', 'namespace', namespace]));

      const inFolder = (word: string): string =>
        word.replace(
          /^(custom-columns-file=)?([\w-]+\.yaml|manifests|columns)$/,
          (_, flag = '', file: string) => flag + join(folder, file),
        );
      const take = async ([line, says, fails]: Step): Promise<void> => {
        const args = words(line).map((word) => inFolder(word.replace(/\bN\b/g, short)));
        const { code, stdout, stderr } = await cluster.tryKubectl(['-n', namespace, ...args], {
          version,
          env: { KUBECTL_APPLYSET: 'true' },
        });
        assert.equal(code !== 0, fails === 'fails', `kubectl ${line}: exit code ${code}\n${stdout}${stderr}`);
        const said = fails === 'fails' && stdout === '' ? stderr : stdout;
        if (typeof says === 'string') assert.equal(said, says, `kubectl ${line}`);
        else assert.match(said, says, `kubectl ${line}`);
      };

      for (const [what, steps] of Object.entries(walk))
        it(what, async () => {
          for (const step of steps) await take(step);
        });
    });
  }
});
