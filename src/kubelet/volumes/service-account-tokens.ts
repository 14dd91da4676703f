// ServiceAccount tokens for pods, by the API's `token` subresource; renewed when 80% of their life is over (KEP-1205).
import type { ApiClient } from '../../client/client.ts';
import type { Pod, TokenRequest } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { serviceAccounts } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';

export type TokenQuery = { readonly audience: string | undefined; readonly expirationSeconds: number };

export type ServiceAccountTokens = {
  readonly token: (pod: Stored<Pod>, query: TokenQuery) => Promise<string>;
  readonly forget: (podUid: string) => void;
};

type Entry = { readonly token: string; readonly renewAtMs: number };

const DAY_MS = 24 * 3600 * 1000;

export const createServiceAccountTokens = (client: ApiClient, clock: Clock): ServiceAccountTokens => {
  const byPod = new Map<string, Map<string, Entry>>();
  const token = async (pod: Stored<Pod>, query: TokenQuery): Promise<string> => {
    const entries = byPod.get(pod.metadata.uid) ?? new Map<string, Entry>();
    const key = JSON.stringify(query);
    const before = entries.get(key);
    if (before && clock.now() < before.renewAtMs) return before.token;
    const entry = await request(client, clock, pod, query);
    byPod.set(pod.metadata.uid, entries.set(key, entry));
    return entry.token;
  };
  return { token, forget: (podUid) => void byPod.delete(podUid) };
};

const request = async (
  client: ApiClient,
  clock: Clock,
  pod: Stored<Pod>,
  { audience, expirationSeconds }: TokenQuery,
): Promise<Entry> => {
  const { name, namespace, uid } = pod.metadata;
  const body: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      ...(audience ? { audiences: [audience] } : {}),
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  };
  const ref = { namespace, name: pod.spec?.serviceAccountName ?? 'default' };
  const answer = (await client.createSubresource(serviceAccounts, ref, 'token', body)) as TokenRequest;
  const { token, expirationTimestamp } = answer.status ?? {};
  if (!token || !expirationTimestamp)
    throw new Error(`no token for service account ${ref.namespace}/${ref.name}`);
  const lifeMs = Date.parse(expirationTimestamp) - clock.now();
  return { token, renewAtMs: clock.now() + Math.min(lifeMs * 0.8, DAY_MS) };
};
