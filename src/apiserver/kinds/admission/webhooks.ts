import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../../k8s/generated/types.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, integers, nameCell } from '../../columns/columns.ts';
import { defaultMutatingWebhook, defaultWebhook } from '../../defaults/webhook.ts';
import { validateMutatingWebhooks, validateWebhooks } from '../../validation/admission/webhooks.ts';
import { defineKind } from '../define-kind.ts';

const COMMON = {
  shortNames: [],
  categories: ['api-extensions'],
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  columns: [NAME, ...integers('Webhooks'), AGE],
  fields: {},
} as const;

export const mutatingWebhookConfigurationKind = defineKind<MutatingWebhookConfiguration>({
  ...COMMON,
  resource: mutatingWebhookConfigurations,
  singular: 'mutatingwebhookconfiguration',
  definition: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  row: (object, nowMs) => [nameCell(object), object.webhooks?.length ?? 0, ageCell(object, nowMs)],
  applyDefaults: ({ webhooks }) => webhooks?.forEach(defaultMutatingWebhook),
  validate: ({ webhooks }) => validateMutatingWebhooks(webhooks ?? []),
});

export const validatingWebhookConfigurationKind = defineKind<ValidatingWebhookConfiguration>({
  ...COMMON,
  resource: validatingWebhookConfigurations,
  singular: 'validatingwebhookconfiguration',
  definition: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  row: (object, nowMs) => [nameCell(object), object.webhooks?.length ?? 0, ageCell(object, nowMs)],
  applyDefaults: ({ webhooks }) => webhooks?.forEach(defaultWebhook),
  validate: ({ webhooks }) => validateWebhooks(webhooks ?? []),
});
