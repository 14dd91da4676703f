// Who a request comes from: its client certificate, its bearer token, or nobody.
import type { PeerCertificate } from 'node:tls';
import { unauthorized } from '../http/http-errors.ts';
import type { User } from '../registry.ts';
import { ANONYMOUS } from './users.ts';
import { certificateUser } from './certificate-user.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

export type Credentials = {
  /** The client's certificate; undefined if it sent none. */
  readonly certificate: PeerCertificate | undefined;
  /** Whether the cluster's authority signed it and it is valid now. */
  readonly isCertificateTrusted: boolean;
  /** The Authorization header. */
  readonly authorization: string | undefined;
};

/** Throws 401 for credentials that are wrong; a request without any is anonymous. */
export const authenticate = async (credentials: Credentials, tokens: ServiceAccountTokens): Promise<User> => {
  if (credentials.isCertificateTrusted) {
    const user = certificateUser(credentials.certificate);
    if (user) return user;
  }
  const token = /^Bearer\s+(\S+)\s*$/i.exec(credentials.authorization ?? '')?.[1];
  if (token !== undefined) {
    const found = await tokens.verify(token);
    if (!found) throw unauthorized();
    return found.user;
  }
  if (credentials.certificate || credentials.authorization) throw unauthorized();
  return ANONYMOUS;
};
