// Rules for CertificateSigningRequests (kubernetes pkg/apis/certificates/validation/validation.go).
import { duplicate, forbidden, invalid, notSupported, required } from '../../k8s/field-errors.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../k8s/generated/types.ts';
import { equalJson } from '../../lang/json.ts';
import { parseCertificateRequest } from '../../pki/certificate-request.ts';
import { type FieldErrors, each, ifSet, repeatedIndexes, when } from './compose.ts';

type Request = CertificateSigningRequest;

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const CONDITIONS = 'status.conditions';

export const validateCertificateRequest = (object: Request): FieldErrors => {
  const { usages = [], signerName, expirationSeconds } = object.spec;
  const repeated = new Set(repeatedIndexes(usages, (usage) => usage));
  return [
    ...request(object),
    ...when(usages.length === 0, () => required('spec.usages')),
    ...each(usages, 'spec.usages', (usage, path, index) => [
      ...when(!USAGES.includes(usage), () => notSupported(path, usage, USAGES)),
      ...when(repeated.has(index), () => duplicate(path, usage)),
    ]),
    ...signer(signerName ?? ''),
    ...ifSet(expirationSeconds, (seconds) =>
      when(seconds < 600, () =>
        invalid(
          'spec.expirationSeconds',
          seconds,
          'may not specify a duration less than 600 seconds (10 minutes)',
        ),
      ),
    ),
    ...conditions(object),
  ];
};

const request = ({ spec }: Request): FieldErrors => {
  try {
    parseCertificateRequest(Buffer.from(spec.request ?? '', 'base64').toString());
    return [];
  } catch (error) {
    return [invalid('spec.request', spec.request ?? '', (error as Error).message)];
  }
};

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})+$`);
const SIGNER_PATH = /^[-a-zA-Z0-9_.:]+([/][-a-zA-Z0-9_.:]+)*$/;

const signer = (name: string): FieldErrors => {
  const path = 'spec.signerName';
  if (name === '') return [required(path)];
  if (name === 'kubernetes.io/legacy-unknown')
    return [invalid(path, name, 'the legacy signerName is not allowed via this API version')];
  const [domain = '', ...rest] = name.split('/');
  if (rest.length === 0)
    return [
      invalid(path, name, 'must be a fully qualified domain and path of the form "example.com/signer-name"'),
    ];
  return [
    ...when(!DOMAIN.test(domain), () =>
      invalid(path, domain, 'should be a domain with at least two segments separated by dots'),
    ),
    ...when(!SIGNER_PATH.test(rest.join('/')), () =>
      invalid(path, rest.join('/'), "must be a path of letters, digits, '-', '_', '.' and ':'"),
    ),
    ...when(name.length > 571, () => invalid(path, name, 'must be no more than 571 characters')),
  ];
};

const ALWAYS_TRUE = ['Approved', 'Denied', 'Failed'];

const conditions = ({ status }: Request): FieldErrors => {
  const all = status?.conditions ?? [];
  const repeated = new Set(repeatedIndexes(all, ({ type }) => type));
  const isBoth = ['Approved', 'Denied'].every((type) => all.some((each) => each.type === type));
  return [
    ...each(all, CONDITIONS, (condition, path, index) => [
      ...when(!condition.type, () => required(`${path}.type`)),
      ...statusOf(condition, `${path}.status`),
      ...when(repeated.has(index), () => duplicate(`${path}.type`, condition.type)),
    ]),
    ...when(isBoth, () =>
      invalid(CONDITIONS, all.at(-1)!.type, 'Approved and Denied conditions are mutually exclusive'),
    ),
  ];
};

const statusOf = ({ type, status }: CertificateSigningRequestCondition, path: string): FieldErrors => {
  const allowed = ALWAYS_TRUE.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
  if (!status) return [required(path)];
  return when(!allowed.includes(status), () => notSupported(path, status, allowed));
};

export const validateCertificateRequestUpdate = (object: Request, before: Request): FieldErrors => [
  ...noRemovals(object, before),
  ...noVerdicts(object, before),
  ...noCertificate(object, before),
];

/** Through the subresource `approval`. */
export const validateApproval = (object: Request, before: Request): FieldErrors => [
  ...noRemovals(object, before),
  ...noCertificate(object, before),
];

/** Through the subresource `status`: a certificate comes once. */
export const validateIssue = (object: Request, before: Request): FieldErrors => [
  ...validateCertificateRequest(object),
  ...noRemovals(object, before),
  ...noVerdicts(object, before),
  ...when(
    before.status?.certificate !== undefined && before.status.certificate !== object.status?.certificate,
    () => forbidden('status.certificate', 'updates may not modify existing certificate content'),
  ),
  ...certificate(object),
];

const of = ({ status }: Request, type: string): readonly CertificateSigningRequestCondition[] =>
  (status?.conditions ?? []).filter((condition) => condition.type === type);

const noRemovals = (object: Request, before: Request): FieldErrors =>
  ALWAYS_TRUE.filter((type) => of(object, type).length < of(before, type).length).map((type) =>
    forbidden(CONDITIONS, `updates may not remove a condition of type "${type}"`),
  );

const noVerdicts = (object: Request, before: Request): FieldErrors =>
  ['Approved', 'Denied'].flatMap((type) => {
    const [now, then] = [of(object, type), of(before, type)];
    if (now.length < then.length || equalJson(now, then)) return [];
    const what = now.length > then.length ? 'add' : 'modify';
    return [forbidden(CONDITIONS, `updates may not ${what} a condition of type "${type}"`)];
  });

const noCertificate = (object: Request, before: Request): FieldErrors =>
  when(object.status?.certificate !== before.status?.certificate, () =>
    forbidden('status.certificate', 'updates may not set certificate content'),
  );

const BLOCKS = /-----BEGIN ([^-]+)-----/g;

const certificate = ({ status }: Request): FieldErrors =>
  ifSet(status?.certificate, (base64) => {
    const types = [...Buffer.from(base64, 'base64').toString().matchAll(BLOCKS)].map(([, type]) => type);
    const wrong = types.find((type) => type !== 'CERTIFICATE');
    const refuse = (why: string): FieldErrors => [invalid('status.certificate', '<certificate data>', why)];
    if (wrong) return refuse(`only CERTIFICATE PEM blocks are allowed, found "${wrong}"`);
    return types.length === 0 ? refuse('must contain at least one CERTIFICATE PEM block') : [];
  });
