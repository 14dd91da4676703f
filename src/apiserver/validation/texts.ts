// Rules for names and other texts, in kube-apiserver's words (k8s.io/apimachinery/pkg/util/validation/validation.go).
import { invalid, required } from '../../k8s/field-errors.ts';
import type { IntOrString } from '../../k8s/generated/types.ts';
import {
  SUBDOMAIN,
  charactersMax,
  dns1123Label,
  dns1123Subdomain,
  mismatch,
  qualifiedName,
} from '../../k8s/name-rules.ts';
import type { FieldErrors } from './compose.ts';
import { portNumber } from './scalars.ts';

type Rule = (text: string) => readonly string[];

const follows =
  (rule: Rule) =>
  (text: string, path: string): FieldErrors =>
    rule(text).map((message) => invalid(path, text, message));

export const dnsLabel = follows(dns1123Label);
export const dnsSubdomain = follows(dns1123Subdomain);
export const qualified = follows(qualifiedName);

/** A DNS label that has to be there. */
export const requiredDnsLabel = (text: string | undefined, path: string): FieldErrors =>
  text ? dnsLabel(text, path) : [required(path)];

const WILDCARD = `\\*\\.${SUBDOMAIN}`;

/** `*.example.com` */
export const wildcardSubdomain = follows((text) => [
  ...(text.length > 253 ? [charactersMax(253)] : []),
  ...(new RegExp(`^${WILDCARD}$`).test(text)
    ? []
    : [
        mismatch(
          "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
          WILDCARD,
          ['*.example.com'],
        ),
      ]),
]);

export const requiredText = (text: string | undefined, path: string): FieldErrors =>
  text ? [] : [required(path)];

const UNDERSCORED_LABEL = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const UNDERSCORED = `${UNDERSCORED_LABEL}(\\.${UNDERSCORED_LABEL})*`;

/** A search domain: unlike a name of Kubernetes it may have underscores. */
export const underscoredSubdomain = follows((text) => [
  ...(text.length > 253 ? [charactersMax(253)] : []),
  ...(new RegExp(`^${UNDERSCORED}$`).test(text)
    ? []
    : [
        mismatch(
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
          UNDERSCORED,
          ['example.com'],
        ),
      ]),
]);

export const fullyQualifiedDomain = (name: string, path: string): FieldErrors => {
  if (name === '') return [required(path)];
  const domain = name.replace(/\.$/, '');
  const wrong = dns1123Subdomain(domain);
  if (wrong.length > 0) return [invalid(path, domain, wrong.join(','))];
  return domain.includes('.')
    ? []
    : [invalid(path, domain, 'should be a domain with at least two segments separated by dots')];
};

/** Any printable ASCII but `=` (KEP-4369). */
export const environmentName = follows((text) =>
  /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
);

const CONFIG_KEY = '[-._a-zA-Z0-9]+';

const configKeyFindings: Rule = (key) => [
  ...(key.length > 253 ? [charactersMax(253)] : []),
  ...(new RegExp(`^${CONFIG_KEY}$`).test(key)
    ? []
    : [
        mismatch("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", CONFIG_KEY, [
          'key.name',
          'KEY_NAME',
          'key-name',
        ]),
      ]),
  ...upwards(key),
];

const upwards: Rule = (key) => {
  if (key === '.' || key === '..') return [`must not be '${key}'`];
  return key.startsWith('..') ? ["must not start with '..'"] : [];
};

/** A key of a ConfigMap or a Secret: it becomes the name of a file. */
export const configKey = follows(configKeyFindings);

/** RFC 6335, lower case only. */
export const portNameFindings: Rule = (name) => [
  ...(name.length > 15 ? [charactersMax(15)] : []),
  ...(/^[-a-z0-9]+$/.test(name)
    ? []
    : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(name) ? [] : ['must contain at least one letter (a-z)']),
  ...(name.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(/^-|-$/.test(name) ? ['must not begin or end with a hyphen'] : []),
];

export const portName = follows(portNameFindings);

export const portNumberOrName = (port: IntOrString | undefined, path: string): FieldErrors =>
  typeof port === 'string' ? portName(port, path) : portNumber(port, path);

const HEADER_NAME = '[-A-Za-z0-9]+';

export const httpHeaderName = follows((name) =>
  new RegExp(`^${HEADER_NAME}$`).test(name)
    ? []
    : [
        mismatch("a valid HTTP header must consist of alphanumeric characters or '-'", HEADER_NAME, [
          'X-Header-Name',
        ]),
      ],
);

const PATH_PART = String.raw`[A-Za-z0-9/\-._~%!$&'()*+,;=:]+`;

/** `example.com/name`: who a thing belongs to, and what it is called there. */
export const domainPrefixedPath = (text: string, path: string): FieldErrors => {
  if (text === '') return [required(path)];
  const [domain = '', ...rest] = text.split('/');
  const name = rest.join('/');
  if (!domain || !name)
    return [invalid(path, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [
    ...dns1123Subdomain(domain).map((message) => invalid(path, domain, message)),
    ...(new RegExp(`^${PATH_PART}$`).test(name)
      ? []
      : [invalid(path, name, mismatch('Invalid path', PATH_PART, []))]),
  ];
};
