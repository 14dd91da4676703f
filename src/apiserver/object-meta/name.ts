// Names: the rule of a kind, and names that the server makes up.
import { randomInt } from 'node:crypto';
import { dns1123Label, dns1123Subdomain, pathSegment } from '../../k8s/name-rules.ts';
import type { Findings } from '../../k8s/name-rules.ts';
import { SAFE_LETTERS } from '../../k8s/safe-letters.ts';
import type { NameRule } from '../kind.ts';
import { canonicalAddressFindings } from '../validation/addresses.ts';

const RULES: Readonly<Record<NameRule, (name: string) => Findings>> = {
  dns1123Label,
  dns1123Subdomain,
  path: pathSegment,
  ipAddress: canonicalAddressFindings,
};

export const nameFindings = (rule: NameRule, name: string): Findings => RULES[rule](name);

/** What is wrong with a generateName: a dash at its end is fine, a suffix will follow. */
export const generatedNameFindings = (rule: NameRule, prefix: string): Findings =>
  RULES[rule](prefix.length > 1 ? prefix.replace(/-$/, 'a') : prefix);

// k8s.io/apiserver/pkg/storage/names.
const SUFFIX_LENGTH = 5;
const NAME_LENGTH_MAX = 63;

/** `web-` becomes `web-x7k2f`. Not pure: a new name each time. */
export const generateName = (prefix: string): string => {
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => SAFE_LETTERS[randomInt(SAFE_LETTERS.length)]);
  return prefix.slice(0, NAME_LENGTH_MAX - SUFFIX_LENGTH) + suffix.join('');
};
