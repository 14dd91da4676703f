// The signers of the cluster: an approved CertificateSigningRequest gets its certificate, signed by the cluster's authority.
import type { ApiClient } from '../client/client.ts';
import { type Informer, whenAllSynced } from '../informer/informer.ts';
import { isConflict, isNotFound } from '../k8s/api-error.ts';
import type { CertificateSigningRequest } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { certificateSigningRequests } from '../k8s/resources.ts';
import { formatTime } from '../k8s/time.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { parseCertificateRequest } from '../pki/certificate-request.ts';
import { type Controllers, fedBy, startWhenSynced } from '../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { compileSigning, pemOf } from './compile.ts';

export type CertificatesOptions = {
  readonly client: ApiClient;
  readonly certificateSigningRequests: Informer<CertificateSigningRequest>;
  /** The certificate in PEM. */
  readonly sign: (request: {
    readonly pem: string;
    readonly usages: readonly string[];
    readonly lifetimeMs: number;
    readonly nowMs: number;
  }) => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts when the informer has synced. */
export const startCertificates = (options: CertificatesOptions): Controllers =>
  startWhenSynced(whenAllSynced(options.certificateSigningRequests), () => [startLoop(options)]);

const startLoop = (options: CertificatesOptions): Loop => {
  const { certificateSigningRequests: informer, clock, log } = options;
  const loop = startKeyedLoop({
    name: 'certificates',
    concurrency: 1,
    isExpected: (error) => isConflict(error) || isNotFound(error),
    reconcile: (key) => reconcile(options, informer.get(key)),
    clock,
    log,
  });
  return fedBy(loop, [informer.subscribe(({ key }) => loop.mark(key))]);
};

const reconcile = async (
  options: CertificatesOptions,
  request: Stored<CertificateSigningRequest> | undefined,
): Promise<void> => {
  if (!request) return;
  const plan = compileSigning(request, parseCertificateRequest);
  if (plan.kind === 'nothing') return;
  const { status } = request;
  const nowMs = options.clock.now();
  const next =
    plan.kind === 'refuse'
      ? { ...status, conditions: [...(status?.conditions ?? []), failed(plan.message, nowMs)] }
      : { ...status, certificate: await certificateOf(options, request, plan.lifetimeMs) };
  await options.client.updateStatus(certificateSigningRequests, { ...request, status: next });
};

const certificateOf = async (
  { sign, clock }: CertificatesOptions,
  { spec }: Stored<CertificateSigningRequest>,
  lifetimeMs: number,
): Promise<string> => {
  const { request, usages = [] } = spec;
  const pem = await sign({ pem: pemOf(request), usages, lifetimeMs, nowMs: clock.now() });
  return Buffer.from(pem).toString('base64');
};

const failed = (message: string, nowMs: number) => ({
  type: 'Failed',
  status: 'True',
  reason: 'SignerValidationFailure',
  message,
  lastUpdateTime: formatTime(nowMs),
  lastTransitionTime: formatTime(nowMs),
});
