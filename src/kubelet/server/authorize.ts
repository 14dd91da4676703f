// Who may call the kubelet: the API server, and administrators of the cluster.
import type { PeerCertificate } from 'node:tls';

const API_SERVER = 'kube-apiserver-kubelet-client';
const ADMINISTRATORS = 'system:masters';

/** Decides by the subject of a certificate that the cluster's CA has signed: CN is the user, O are the groups. */
export const isAllowed = (subject: PeerCertificate['subject'] | undefined): boolean => {
  if (!subject) return false;
  const groups: readonly string[] = [subject.O ?? []].flat();
  return [subject.CN].flat().includes(API_SERVER) || groups.includes(ADMINISTRATORS);
};
