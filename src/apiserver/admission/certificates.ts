// Who may approve and sign certificate requests, and for whom none is made
// (kubernetes plugin/pkg/admission/certificates: approval, signing, subjectrestriction).
import type { CertificateSigningRequest } from '../../k8s/generated/types.ts';
import { certificateSigningRequests } from '../../k8s/resources.ts';
import { equalJson } from '../../lang/json.ts';
import { parseCertificateRequest } from '../../pki/certificate-request.ts';
import type { Access } from '../auth/access.ts';
import { forbidden } from '../status-errors.ts';
import type { AdmissionRequest, ValidatingStep } from './admission.ts';

/** Throws ApiError 403. The right is the verb `approve` or `sign` on `signers`, by the signer's name or `DOMAIN/*`. */
export const authorizeSigners =
  (access: Access): ValidatingStep =>
  (request) => {
    const { resource } = request.kind;
    if (
      resource.group !== certificateSigningRequests.group ||
      resource.resource !== 'certificatesigningrequests'
    )
      return;
    const [before, after] = [request.before, request.object] as (CertificateSigningRequest | undefined)[];
    if (request.subresource === 'approval' && before) checkVerb(access, request, before, 'approve');
    if (request.subresource === 'status' && before && after && !isSameVerdict(before, after))
      checkVerb(access, request, before, 'sign');
    if (request.operation === 'CREATE' && after) refuseMasters(request, after);
  };

const isSameVerdict = ({ status: a }: CertificateSigningRequest, { status: b }: CertificateSigningRequest) =>
  a?.certificate === b?.certificate && equalJson(a?.conditions ?? [], b?.conditions ?? []);

const checkVerb = (
  access: Access,
  { kind, name, context }: AdmissionRequest,
  { spec: { signerName } }: CertificateSigningRequest,
  verb: 'approve' | 'sign',
): void => {
  const isAllowed = [signerName, `${signerName.split('/')[0]}/*`].some(
    (signer) =>
      access.authorize(context.user, {
        kind: 'resource',
        verb,
        group: 'certificates.k8s.io',
        version: '*',
        resource: 'signers',
        name: signer,
      }).allowed,
  );
  if (!isAllowed)
    throw forbidden(
      kind.resource,
      name,
      `user not permitted to ${verb} requests with signerName "${signerName}"`,
    );
};

const CLIENTS = 'kubernetes.io/kube-apiserver-client';

const refuseMasters = ({ kind }: AdmissionRequest, { metadata, spec }: CertificateSigningRequest): void => {
  if (spec.signerName !== CLIENTS) return;
  const { organizations } = parseCertificateRequest(Buffer.from(spec.request, 'base64').toString());
  if (organizations.includes('system:masters'))
    throw forbidden(
      kind.resource,
      metadata?.name ?? '',
      `use of ${CLIENTS} signer with system:masters group is not allowed`,
    );
};
