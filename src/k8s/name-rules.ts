// What names, label keys and label values may look like. Each rule gives what is wrong, in kube-apiserver's words; an
// empty list is a valid value. Sources: k8s.io/apimachinery/pkg/util/validation/validation.go and
// pkg/api/validate/content/kube.go (Kubernetes 1.36).

export type Findings = readonly string[];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
/** The pattern of a DNS subdomain, as text for messages. */
export const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${LABEL_KEY})?`;

const LABEL_REGEXP = new RegExp(`^${LABEL}$`);
const SUBDOMAIN_REGEXP = new RegExp(`^${SUBDOMAIN}$`);
const LABEL_KEY_REGEXP = new RegExp(`^${LABEL_KEY}$`);
const LABEL_VALUE_REGEXP = new RegExp(`^${LABEL_VALUE}$`);

const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_KEY_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** `web-1`, at most 63 characters. */
export const dns1123Label = (value: string): Findings => {
  const length = value.length > 63 ? [charactersMax(63)] : [];
  if (LABEL_REGEXP.test(value)) return length;
  const dotted = value.includes('.') && SUBDOMAIN_REGEXP.test(value);
  return [...length, dotted ? 'must not contain dots' : mismatch(LABEL_TEXT, LABEL, ['my-name', '123-abc'])];
};

const DNS1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const DNS1035_REGEXP = new RegExp(`^${DNS1035}$`);
const DNS1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";

/** `web-1`, at most 63 characters, the first of them a letter. */
export const dns1035Label = (value: string): Findings => [
  ...(value.length > 63 ? [charactersMax(63)] : []),
  ...(DNS1035_REGEXP.test(value) ? [] : [mismatch(DNS1035_TEXT, DNS1035, ['my-name', 'abc-123'])]),
];

/** `web.example.com`, at most 253 characters. */
export const dns1123Subdomain = (value: string): Findings => [
  ...(value.length > 253 ? [charactersMax(253)] : []),
  ...(SUBDOMAIN_REGEXP.test(value) ? [] : [mismatch(SUBDOMAIN_TEXT, SUBDOMAIN, ['example.com'])]),
];

/** A name that can stand in a path: every kind's names must. */
export const pathSegment = (value: string): Findings => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
};

/** A label key or qualified name: `example.com/MyName` or `MyName`. */
export const qualifiedName = (value: string): Findings => {
  const parts = value.split('/');
  const wrong = mismatch(LABEL_KEY_TEXT, LABEL_KEY, ['MyName', 'my.name', '123-abc']);
  if (parts.length > 2)
    return [
      `a valid label key ${wrong} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = parts.at(-1)!;
  return [
    ...(parts.length === 2 ? prefixFindings(parts[0]!) : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > 63 ? ['name part must be no more than 63 bytes'] : []),
    ...(LABEL_KEY_REGEXP.test(name) ? [] : [`name part ${wrong}`]),
  ];
};

export const labelValue = (value: string): Findings => [
  ...(value.length > 63 ? ['must be no more than 63 bytes'] : []),
  ...(LABEL_VALUE_REGEXP.test(value)
    ? []
    : [mismatch(LABEL_VALUE_TEXT, LABEL_VALUE, ['MyValue', 'my_value', '12345'])]),
];

const prefixFindings = (prefix: string): Findings =>
  prefix === ''
    ? ['prefix part must be non-empty']
    : dns1123Subdomain(prefix).map((finding) => `prefix part ${finding}`);

export const charactersMax = (length: number): string => `must be no more than ${length} characters`;

/** Says which pattern a text does not match, in the words (and with the two spaces) of Go's RegexError. */
export const mismatch = (text: string, regexp: string, examples: readonly string[]): string =>
  `${text} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${regexp}')`;
