// What the API server passes on to the kubelet of a pod's node: logs as an answer, exec and attach as a tunnel of bytes.
import type { IncomingMessage } from 'node:http';
import type { ApiError } from '../../k8s/api-error.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { ObjectRef } from '../../client/client.ts';
import { invalid as invalidField } from '../../k8s/field-errors.ts';
import { nodes, pods } from '../../k8s/resources.ts';
import type { Registry } from '../registry.ts';
import type { Answer } from './exchange.ts';
import { badRequest, invalid } from '../status-errors.ts';
import { kubeletRefusal } from './kubelet-refusal.ts';
import type { KubeletClient } from './kubelet-client.ts';
import { containerOf, kubeletAddress, logPath, portForwardPath, streamPath } from './kubelet-location.ts';
import { passOn } from './pass-on.ts';
import type { UpstreamLocation } from './upstream.ts';

export type StreamSubresource = 'exec' | 'attach' | 'portforward';

export type PodStreams = {
  readonly logs: (ref: ObjectRef, query: URLSearchParams) => Promise<Answer>;
  /** Where to tunnel to. */
  readonly locate: (
    ref: ObjectRef,
    subresource: StreamSubresource,
    query: URLSearchParams,
  ) => UpstreamLocation;
};

export type PodStreamOptions = {
  readonly registry: Registry;
  readonly kubelet: KubeletClient;
  readonly kubeletPort: number;
};

export const createPodStreams = ({ registry, kubelet, kubeletPort }: PodStreamOptions): PodStreams => {
  const podOf = (ref: ObjectRef): Pod => registry.get(registry.kinds.find(pods)!, ref) as Pod;
  const addressOf = (nodeName: string) =>
    kubeletAddress(registry.get(registry.kinds.find(nodes)!, { name: nodeName }), kubeletPort);
  return {
    logs: async (ref, query) => {
      const pod = podOf(ref);
      checkLogQuery(ref.name, query);
      const path = logPath(pod, containerOf(pod, query.get('container')), query);
      if (!pod.spec?.nodeName) return NOTHING_YET;
      const location = { ...addressOf(pod.spec.nodeName), path };
      return logAnswer(await kubelet.send(location, { method: 'GET', headers: {} }));
    },
    locate: (ref, subresource, query) => {
      const pod = podOf(ref);
      const path =
        subresource === 'portforward'
          ? portForwardPath(pod, query)
          : streamPath(subresource, pod, containerOf(pod, query.get('container')), query);
      if (!pod.spec?.nodeName) throw badRequest(`pod ${ref.name} does not have a host assigned`);
      return { ...addressOf(pod.spec.nodeName), path };
    },
  };
};

/** A pod that is not on a node yet has no log, which is no error. */
const NOTHING_YET: Answer = { kind: 'document', code: 204, contentType: 'text/plain', body: '' };

const logAnswer = async (answer: IncomingMessage): Promise<Answer> => {
  if (answer.statusCode !== 200) throw await kubeletRefusal(answer);
  return passOn(answer, 200, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
};

const COUNTS: readonly (readonly [string, number])[] = [
  ['tailLines', 0],
  ['sinceSeconds', 1],
  ['limitBytes', 1],
];

const checkLogQuery = (name: string, query: URLSearchParams): void => {
  for (const [field, least] of COUNTS) {
    const text = query.get(field);
    if (text === null) continue;
    if (!/^-?\d+$/.test(text))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    if (Number(text) < least) throw outOfRange(name, field, text, least);
  }
};

const outOfRange = (name: string, field: string, text: string, least: number): ApiError => {
  const why = `must be greater than ${least === 0 ? 'or equal to 0' : '0'}`;
  return invalid({ group: '', kind: 'PodLogOptions' }, name, [invalidField(field, Number(text), why)]);
};
