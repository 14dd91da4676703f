// How others verify ServiceAccount tokens without asking us: the issuer's OpenID configuration and its public key.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
import { createHash, createPublicKey } from 'node:crypto';

export type Issuer = { readonly issuer: string; readonly publicKey: string };

export const ALGORITHM = 'ES256';

const JWKS_PATH = '/openid/v1/jwks';

/** OpenID Connect Discovery 1.0, section 3. */
export const openIdConfiguration = ({ issuer }: Issuer): object => ({
  issuer,
  jwks_uri: `${issuer}${JWKS_PATH}`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [ALGORITHM],
});

/** RFC 7517. */
export const keySet = ({ publicKey }: Issuer): object => {
  const { kty, crv, x, y } = createPublicKey(publicKey).export({ format: 'jwk' });
  return { keys: [{ use: 'sig', kty, kid: keyId(publicKey), crv, alg: ALGORITHM, x, y }] };
};

/** As kube-apiserver derives it: the base64url SHA-256 of the key's DER. */
export const keyId = (publicKey: string): string => {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url');
};
