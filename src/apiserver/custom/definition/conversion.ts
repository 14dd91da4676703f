// How objects of one version become objects of another.
import { X509Certificate } from 'node:crypto';
import type { FieldError } from '../../../k8s/field-error.ts';
import { forbidden, invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type {
  CustomResourceConversion,
  ApiextensionsV1WebhookClientConfig as WebhookClientConfig,
} from '../../../k8s/generated/types.ts';
import { dns1035Label } from '../../../k8s/name-rules.ts';
import { webhookServiceErrors, webhookUrlErrors } from '../../webhooks/validate-client.ts';

const PATH = 'spec.conversion';
const REVIEWS = `${PATH}.conversionReviewVersions`;
const CLIENT = `${PATH}.webhookClientConfig`;

/** A definition that is not yet established may have its certificates put in later. */
export const conversionErrors = (
  conversion: CustomResourceConversion | undefined,
  isEstablished: boolean,
): readonly FieldError[] => {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  if (!strategy) return [required(`${PATH}.strategy`)];
  if (strategy === 'Webhook')
    return [
      ...clientErrors(webhook?.clientConfig, isEstablished),
      ...reviewVersionErrors(webhook?.conversionReviewVersions ?? []),
    ];
  return [
    ...(strategy === 'None' ? [] : [notSupported(`${PATH}.strategy`, strategy, ['None', 'Webhook'])]),
    ...(webhook?.clientConfig
      ? [forbidden(CLIENT, 'should not be set when strategy is not set to Webhook')]
      : []),
    ...(webhook?.conversionReviewVersions?.length
      ? [forbidden(REVIEWS, 'should not be set when strategy is not set to Webhook')]
      : []),
  ];
};

const clientErrors = (
  client: WebhookClientConfig | undefined,
  isEstablished: boolean,
): readonly FieldError[] => {
  if (!client) return [required(CLIENT, 'required when strategy is set to Webhook')];
  const { url, service, caBundle } = client;
  if ((url === undefined) === (service === undefined))
    return [required(CLIENT, 'exactly one of url or service is required')];
  return [
    ...(url !== undefined ? webhookUrlErrors(url, `${CLIENT}.url`) : []),
    ...(service ? webhookServiceErrors(service, `${CLIENT}.service`) : []),
    ...(caBundle && isEstablished && !isCaBundle(caBundle)
      ? [
          invalid(
            `${CLIENT}.caBundle`,
            caBundle,
            'unable to load root certificates: unable to parse bytes as PEM block',
          ),
        ]
      : []),
  ];
};

/** Base64 of certificates in PEM. */
export const isCaBundle = (base64: string): boolean => {
  const blocks = Buffer.from(base64, 'base64')
    .toString('latin1')
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!blocks) return false;
  try {
    return blocks.every((block) => new X509Certificate(block).fingerprint !== '');
  } catch {
    return false;
  }
};

const reviewVersionErrors = (versions: readonly string[]): readonly FieldError[] => {
  if (versions.length === 0) return [required(REVIEWS)];
  return [
    ...versions.flatMap((version, index) =>
      versions.indexOf(version) < index
        ? [invalid(`${REVIEWS}[${index}]`, version, 'duplicate version')]
        : dns1035Label(version).map((finding) => invalid(`${REVIEWS}[${index}]`, version, finding)),
    ),
    ...(versions.some((version) => version === 'v1' || version === 'v1beta1')
      ? []
      : [invalid(REVIEWS, versions, 'must include at least one of v1, v1beta1')]),
  ];
};
