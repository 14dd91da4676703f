// Names of pods by their addresses: `10-244-1-7.NAMESPACE.pod.Z`. Only of pods that are there: a name that says an address
// for anyone who asks would let a certificate for it be used by anyone (CoreDNS' `pods verified`).
import { formatAddress, parseAddress } from '../ip/address.ts';
import { addressRecord } from './compile.ts';
import type { PodMode } from './config/state.ts';
import type { PodAddresses } from './pod-addresses.ts';
import type { Lookup } from './zone.ts';

export type PodName = { readonly ip: string; readonly namespace: string };

/** Undefined if the name is none of a pod. `name` in lower case. */
export const parsePodName = (name: string, domain: string): PodName | undefined => {
  const suffix = `.pod.${domain}`;
  if (!name.endsWith(suffix)) return undefined;
  const [label = '', namespace = '', ...rest] = name.slice(0, -suffix.length).split('.');
  const address = namespace !== '' && rest.length === 0 ? labelAddress(label) : undefined;
  return address && { ip: formatAddress(address), namespace };
};

const labelAddress = (label: string) =>
  parseAddress(label.replace(/-/g, '.')) ?? parseAddress(label.replace(/-/g, ':'));

export type PodSource = {
  readonly mode: PodMode;
  readonly pods: Pick<PodAddresses, 'has'>;
  readonly isNamespace: (name: string) => boolean;
};

export const lookUpPod = ({ ip, namespace }: PodName, { mode, pods, isNamespace }: PodSource): Lookup => {
  const isThere =
    mode === 'insecure' ? isNamespace(namespace) : mode === 'verified' && pods.has(ip, namespace);
  if (!isThere) return { kind: 'absent' };
  const { type, data } = addressRecord('', ip);
  return { kind: 'found', sets: new Map([[type, [data]]]) };
};
