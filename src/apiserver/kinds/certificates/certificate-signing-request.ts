import type { CertificateSigningRequest } from '../../../k8s/generated/types.ts';
import { certificateSigningRequests } from '../../../k8s/resources.ts';
import { formatTime, parseTime } from '../../../k8s/time.ts';
import { cloneJson } from '../../../lang/json.ts';
import { humanDuration } from '../../columns/age.ts';
import { NAME, NONE, ageCell, nameCell, texts } from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import type { AdmissionContext } from '../../kind.ts';
import {
  validateApproval,
  validateCertificateRequest,
  validateCertificateRequestUpdate,
  validateIssue,
} from '../../validation/certificate-signing-request.ts';
import { defineKind } from '../define-kind.ts';

const HOUR_MS = 3_600_000;

/** kubernetes pkg/controller/certificates/cleaner: an hour after its end, a day where nobody goes on with it. */
const expiresMs = ({ metadata, status }: CertificateSigningRequest): number => {
  const { conditions = [], certificate } = status ?? {};
  if (conditions.length === 0) return parseTime(metadata?.creationTimestamp) + 24 * HOUR_MS;
  const ends = conditions.map(({ type, lastUpdateTime }) => {
    const isOpen = type === 'Approved' && !certificate;
    return parseTime(lastUpdateTime) + (isOpen ? 24 : 1) * HOUR_MS;
  });
  return Math.min(...ends.filter((endMs) => !Number.isNaN(endMs)));
};

export const certificateSigningRequestKind = defineKind<CertificateSigningRequest>({
  resource: certificateSigningRequests,
  singular: 'certificatesigningrequest',
  shortNames: ['csr'],
  categories: [],
  definition: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  nameRule: 'path',
  subresources: ['status', 'approval'],
  hasGeneration: false,
  columns: [
    NAME,
    { name: 'Age', type: 'string', priority: 0 },
    ...texts('SignerName', 'Requestor', 'RequestedDuration', 'Condition'),
  ],
  row: (object, nowMs) => [
    nameCell(object),
    ageCell(object, nowMs),
    object.spec.signerName,
    object.spec.username ?? '',
    object.spec.expirationSeconds === undefined ? NONE : humanDuration(object.spec.expirationSeconds * 1000),
    conditionCell(object),
  ],
  fields: { 'spec.signerName': ({ spec }) => spec.signerName },
  applyDefaults: (draft) => {
    draft.spec ??= { request: '', signerName: '' }; // for validation to find fault with
  },
  prepareForCreate: (draft, { user }) => {
    const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...asked } = draft.spec ?? {};
    draft.spec = {
      ...asked,
      username: user.name,
      groups: [...user.groups],
      ...(user.uid && { uid: user.uid }),
      ...(user.extra && { extra: cloneJson(user.extra) as Record<string, string[]> }),
    };
    draft.status = {};
  },
  prepareForUpdate: (draft, before) => {
    draft.spec = before.spec as Mutable<CertificateSigningRequest>['spec'];
  },
  validate: validateCertificateRequest,
  validateUpdate: validateCertificateRequestUpdate,
  validateStatus: validateIssue,
  expiresMs,
  parts: {
    approval: {
      isStatus: true,
      narrow: (draft, before, context) =>
        narrowToApproval(
          draft as unknown as Mutable<CertificateSigningRequest>,
          before as CertificateSigningRequest,
          context,
        ),
      validateUpdate: (object, before) =>
        validateApproval(object as CertificateSigningRequest, before as CertificateSigningRequest),
    },
  },
});

/** Of the new object only its conditions count; new ones get their times. */
const narrowToApproval = (
  draft: Mutable<CertificateSigningRequest>,
  before: CertificateSigningRequest,
  { nowMs }: AdmissionContext,
): void => {
  const now = formatTime(nowMs);
  const conditions = (draft.status?.conditions ?? []).map((condition) => ({
    lastUpdateTime: now,
    lastTransitionTime: now,
    ...condition,
  }));
  draft.spec = before.spec as Mutable<CertificateSigningRequest>['spec'];
  draft.status = { ...(before.status as Mutable<CertificateSigningRequest>['status']), conditions };
};

/** `Approved,Issued` */
const conditionCell = ({ status }: CertificateSigningRequest): string => {
  const has = (type: string): boolean => (status?.conditions ?? []).some((each) => each.type === type);
  const verdict = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [verdict, has('Failed') && 'Failed', status?.certificate && 'Issued'].filter(Boolean).join(',');
};
