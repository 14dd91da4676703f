// Every pod acts as a service account, whose token it finds in a volume (kubernetes plugin/pkg/admission/serviceaccount).
import { ApiError, failure } from '../../k8s/api-error.ts';
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../k8s/generated/types.ts';
import { serviceAccounts } from '../../k8s/resources.ts';
import type { Mutable } from '../defaults/mutable.ts';
import type { AdmissionContext } from '../kind.ts';
import { generateName } from '../object-meta/name.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** An hour and seven seconds: the odd number tells these tokens from those that users ask for. */
const TOKEN_SECONDS = 3607;

/** Names the account, mounts its token and takes its pull secrets. Throws ApiError 403 if there is no such account. */
export const admitServiceAccount = (pod: Mutable<Pod>, context: AdmissionContext): void => {
  const spec = pod.spec!;
  spec.serviceAccountName ||= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  const account = accountOf(pod, spec.serviceAccountName, context);
  if (shouldMount(spec, account)) mountToken(spec);
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
    spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }));
};

const accountOf = (
  { metadata }: Pick<Pod, 'metadata'>,
  name: string,
  context: AdmissionContext,
): Omit<ServiceAccount, 'metadata'> => {
  const key = `${metadata?.namespace}/${name}`;
  const account = context.get(serviceAccounts, key);
  if (account) return account;
  const pod = metadata?.name ?? metadata?.generateName ?? '';
  const message = `pods "${pod}" is forbidden: error looking up service account ${key}: serviceaccount "${name}" not found`;
  throw new ApiError(failure(403, 'Forbidden', message, { name: pod, kind: 'pods' }));
};

const shouldMount = (spec: Mutable<PodSpec>, account: Omit<ServiceAccount, 'metadata'>): boolean =>
  spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;

const mountToken = (spec: Mutable<PodSpec>): void => {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(lacksToken);
  if (containers.length === 0) return;
  const present = (spec.volumes ?? []).find(({ name }) => name?.startsWith('kube-api-access-'));
  const volume = present ?? tokenVolume(generateName('kube-api-access-'));
  if (!present) spec.volumes = [...(spec.volumes ?? []), volume];
  const mount = { name: volume.name, readOnly: true, mountPath: MOUNT_PATH };
  for (const container of containers) container.volumeMounts = [...(container.volumeMounts ?? []), mount];
};

const lacksToken = ({ volumeMounts }: Mutable<Container>): boolean =>
  !volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH);

const tokenVolume = (name: string): Mutable<Volume> => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 420,
  },
});
