import type { Secret } from '../../../k8s/generated/types.ts';
import { secrets } from '../../../k8s/resources.ts';
import { setMember } from '../../../lang/json.ts';
import { AGE, NAME, ageCell, integers, nameCell, texts } from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { validateSecret, validateSecretUpdate } from '../../validation/stored-data.ts';
import { defineKind } from '../define-kind.ts';

export const secretKind = defineKind<Secret>({
  resource: secrets,
  singular: 'secret',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.core.v1.Secret',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...texts('Type'), ...integers('Data'), AGE],
  row: (secret, nowMs) => [
    nameCell(secret),
    secret.type ?? '',
    Object.keys(secret.data ?? {}).length,
    ageCell(secret, nowMs),
  ],
  fields: { type: ({ type }) => type ?? '' },
  applyDefaults: (secret) => {
    secret.type ||= 'Opaque';
    encodeStringData(secret);
  },
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
});

/** stringData is for writing only: it overrides data and is never stored. */
const encodeStringData = (secret: Mutable<Secret>): void => {
  for (const [key, text] of Object.entries(secret.stringData ?? {}))
    setMember((secret.data ??= {}), key, Buffer.from(text).toString('base64'));
  delete secret.stringData;
};
