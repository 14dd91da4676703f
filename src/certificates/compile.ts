// What the cluster's signers do with an approved request (kubernetes pkg/controller/certificates/signer/signer.go and
// pkg/apis/certificates/helpers.go, 1.36). Pure.
import type { CertificateSigningRequest } from '../k8s/generated/types.ts';
import type { ParsedRequest } from '../pki/certificate-request.ts';

export type SigningPlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refuse'; readonly message: string }
  | { readonly kind: 'sign'; readonly lifetimeMs: number };

const NOTHING: SigningPlan = { kind: 'nothing' };
const YEAR_MS = 365 * 24 * 3_600_000;
const LEAST_MS = 600_000;

/** `parse` is called for requests that are to be signed only. */
export const compileSigning = (
  { spec, status }: Pick<CertificateSigningRequest, 'spec' | 'status'>,
  parse: (pem: string) => ParsedRequest,
): SigningPlan => {
  const check = CHECKS.get(spec.signerName);
  const has = (type: string): boolean =>
    (status?.conditions ?? []).some((each) => each.type === type && each.status === 'True');
  if (!check || status?.certificate || !has('Approved') || has('Denied') || has('Failed')) return NOTHING;
  const message = check(parse(pemOf(spec.request)), spec.usages ?? []);
  if (message !== undefined) return { kind: 'refuse', message };
  const askedMs = (spec.expirationSeconds ?? Infinity) * 1000;
  return { kind: 'sign', lifetimeMs: Math.max(LEAST_MS, Math.min(YEAR_MS, askedMs)) };
};

export const pemOf = (base64: string): string => Buffer.from(base64, 'base64').toString();

/** Why there is no certificate; undefined if there will be one. */
type Check = (request: ParsedRequest, usages: readonly string[]) => string | undefined;

const clientCheck: Check = (_request, usages) => {
  const allowed = ['client auth', 'digital signature', 'key encipherment'];
  const wrong = usages.find((usage) => !allowed.includes(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usages.includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth';
};

const kubeletClientCheck: Check = ({ dnsNames, emails, ipAddresses, uris, ...subject }, usages) => {
  if (!isNodes(subject)) return NOT_NODES;
  if (dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  return nameAndUsages(subject, usages, 'client auth');
};

const kubeletServingCheck: Check = ({ dnsNames, emails, ipAddresses, uris, ...subject }, usages) => {
  if (!isNodes(subject)) return NOT_NODES;
  if (dnsNames.length + ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  return nameAndUsages(subject, usages, 'server auth');
};

type Subject = Pick<ParsedRequest, 'commonName' | 'organizations'>;

const NOT_NODES = 'subject organization is not system:nodes';

const isNodes = ({ organizations }: Subject): boolean =>
  organizations.length === 1 && organizations[0] === 'system:nodes';

/** Key encipherment is for RSA keys: with or without. */
const nameAndUsages = (
  { commonName }: Subject,
  usages: readonly string[],
  role: string,
): string | undefined => {
  if (!commonName.startsWith('system:node:')) return 'subject common name does not begin with system:node:';
  const required = [role, 'digital signature'].sort();
  const given = usages.filter((usage) => usage !== 'key encipherment').sort();
  return given.join() === required.join()
    ? undefined
    : `usages did not match [${[role, 'digital signature', 'key encipherment'].sort().join(' ')}]`;
};

const CHECKS = new Map<string, Check>([
  ['kubernetes.io/kube-apiserver-client', clientCheck],
  ['kubernetes.io/kube-apiserver-client-kubelet', kubeletClientCheck],
  ['kubernetes.io/kubelet-serving', kubeletServingCheck],
]);
