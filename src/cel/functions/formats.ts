// Named formats, `format.dns1123Label().validate(text)` (k8s.io/apiserver/pkg/cel/library/format.go).
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  qualifiedName,
} from '../../k8s/name-rules.ts';
import type { Findings } from '../../k8s/name-rules.ts';
import { PER_CHARACTER, PER_PATTERN_CHARACTER } from '../cost/model.ts';
import type { CostModel } from '../cost/model.ts';
import { scale } from '../cost/range.ts';
import { parseDate, parseTimestamp } from '../values/time.ts';
import { Opaque, Optional, ValueList, sizeOf } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';
import { parseRequestUrl } from './url.ts';

export const FORMAT = 'kubernetes.NamedFormat';

type Format = {
  readonly name: string;
  readonly findings: (text: string) => Findings;
  /** The length of the pattern that checking costs as much as. */
  readonly patternLength: number;
};

type FormatValue = Opaque<Format>;

/** A name that something is yet to be added to may end in a dash. */
const prefix =
  (findings: (text: string) => Findings) =>
  (text: string): Findings =>
    findings(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);

const unless =
  (isFine: (text: string) => boolean, finding: string) =>
  (text: string): Findings =>
    isFine(text) ? [] : [finding];

const UUID = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;

const uriFindings = (text: string): Findings => {
  const parsed = parseRequestUrl(text);
  return typeof parsed === 'string' ? [parsed] : [];
};

const FORMATS: Readonly<Record<string, Format>> = {
  dns1123Label: { name: 'DNS1123Label', findings: dns1123Label, patternLength: 30 },
  dns1123Subdomain: { name: 'DNS1123Subdomain', findings: dns1123Subdomain, patternLength: 60 },
  dns1035Label: { name: 'DNS1035Label', findings: dns1035Label, patternLength: 30 },
  qualifiedName: { name: 'QualifiedName', findings: qualifiedName, patternLength: 60 },
  dns1123LabelPrefix: { name: 'DNS1123LabelPrefix', findings: prefix(dns1123Label), patternLength: 30 },
  dns1123SubdomainPrefix: {
    name: 'DNS1123SubdomainPrefix',
    findings: prefix(dns1123Subdomain),
    patternLength: 60,
  },
  dns1035LabelPrefix: { name: 'DNS1035LabelPrefix', findings: prefix(dns1035Label), patternLength: 30 },
  labelValue: { name: 'LabelValue', findings: labelValue, patternLength: 40 },
  uri: { name: 'URI', findings: uriFindings, patternLength: 1650 },
  uuid: {
    name: 'uuid',
    findings: unless((text) => UUID.test(text), 'does not match the UUID format'),
    patternLength: 84,
  },
  byte: { name: 'byte', findings: unless((text) => BASE64.test(text), 'invalid base64'), patternLength: 72 },
  date: {
    name: 'date',
    findings: unless((text) => parseDate(text) !== undefined, 'invalid date'),
    patternLength: 159,
  },
  datetime: {
    name: 'datetime',
    findings: unless((text) => parseTimestamp(text) !== undefined, 'invalid datetime'),
    patternLength: 159,
  },
};

const formatValue = (format: Format): FormatValue =>
  new Opaque(FORMAT, format, (other) => other.name === format.name);

const validate = ({ data }: FormatValue, text: string): Optional => {
  const findings = data.findings(text);
  return findings.length === 0 ? Optional.NONE : new Optional(new ValueList([...findings]));
};

const named = (name: string): Optional =>
  Object.hasOwn(FORMATS, name) ? new Optional(formatValue(FORMATS[name]!)) : Optional.NONE;

const LONGEST_PATTERN = 128;

const validates: CostModel = {
  actual: ([format, text]) =>
    Math.ceil((1 + sizeOf(text!)) * PER_CHARACTER) *
    Math.ceil((format as FormatValue).data.patternLength * PER_PATTERN_CHARACTER),
  estimate: ([, text]) => ({
    cost: scale(scale(text!.size, PER_CHARACTER), LONGEST_PATTERN * PER_PATTERN_CHARACTER),
  }),
};

export const FORMAT_FUNCTIONS: readonly Overload[] = [
  ...Object.entries(FORMATS).map(([name, format]) =>
    overload(`format.${name}`, `format.${name}`, `() -> ${FORMAT}`, () => formatValue(format)),
  ),
  overload('format.named', 'format-named', `(string) -> optional_type(${FORMAT})`, named),
  overload(
    'validate',
    'format-validate',
    `${FORMAT}.(string) -> optional_type(list(string))`,
    validate,
    validates,
  ),
];
