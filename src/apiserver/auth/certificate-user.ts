// The user that a client certificate names: CN is the name, each O a group.
import type { PeerCertificate } from 'node:tls';
import type { User } from '../registry.ts';
import { AUTHENTICATED } from './users.ts';

/** Undefined when no certificate was sent or it names nobody. */
export const certificateUser = (certificate: PeerCertificate | undefined): User | undefined => {
  const subject = certificate?.subject as Readonly<Record<string, string | string[]>> | undefined;
  const name = subject?.['CN'];
  if (typeof name !== 'string' || name === '') return undefined;
  return { name, groups: [...new Set([...asList(subject?.['O']), AUTHENTICATED])] };
};

const asList = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;
