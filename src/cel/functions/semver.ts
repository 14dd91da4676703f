// Semantic versions (k8s.io/apiserver/pkg/cel/library/semverlib.go; semver.org 2.0.0).
import { reads } from '../cost/model.ts';
import { CelError, Opaque } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

export const SEMVER = 'kubernetes.Semver';

type Version = {
  readonly numbers: readonly [bigint, bigint, bigint];
  /** `rc.1`: before the release that it names. */
  readonly preRelease: readonly string[];
};

type VersionValue = Opaque<Version>;

const NUMBER = '(0|[1-9]\\d*)';
const PATTERN = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-([\\dA-Za-z.-]+))?(?:\\+([\\dA-Za-z.-]+))?$`,
);

/** Undefined if the text is no version. */
const parseVersion = (text: string): Version | undefined => {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch, preRelease, build] = match;
  const parts = preRelease?.split('.') ?? [];
  const isFine =
    parts.every((part) => part !== '' && !/^0\d+$/.test(part)) && (build?.split('.') ?? []).every(Boolean);
  return isFine
    ? { numbers: [BigInt(major!), BigInt(minor!), BigInt(patch!)], preRelease: parts }
    : undefined;
};

/** Without a `v` in front and zeros before numbers, with what is missing of major.minor.patch. */
const normalize = (text: string): string => {
  const [major = '', minor, ...patch] = text.replace(/^v/, '').split('.');
  const parts = [major, minor ?? '0', minor === undefined ? '0' : patch.join('.') || '0'];
  const hasSuffix =
    (minor === undefined && /[+-]/.test(major)) || (patch.length === 0 && /[+-]/.test(minor ?? ''));
  return hasSuffix ? text : parts.map((part) => part.replace(/^0+(?=\d)/, '')).join('.');
};

const parse = (text: string, isLoose = false): Version | undefined =>
  parseVersion(isLoose ? normalize(text) : text);

const toVersion = (text: string, isLoose = false): VersionValue => {
  const version = parse(text, isLoose);
  if (!version) throw new CelError(versionFinding(text));
  return new Opaque(SEMVER, version, (other) => order(version, other) === 0);
};

const versionFinding = (text: string): string => {
  if (text === '') return 'Version string empty';
  return text.split('.').length < 3
    ? 'No Major.Minor.Patch elements found'
    : `Invalid character(s) found in version ${JSON.stringify(text)}`;
};

const order = (a: Version, b: Version): number => {
  const index = a.numbers.findIndex((number, i) => number !== b.numbers[i]);
  if (index >= 0) return a.numbers[index]! < b.numbers[index]! ? -1 : 1;
  return orderPreReleases(a.preRelease, b.preRelease);
};

/** A release comes after its pre-releases; numbers before words; a longer list after its own beginning. */
const orderPreReleases = (a: readonly string[], b: readonly string[]): number => {
  if (a.length === 0 || b.length === 0) return Number(b.length > 0) - Number(a.length > 0);
  const index = a.findIndex((part, i) => part !== b[i]);
  if (index < 0) return a.length < b.length ? -1 : 0;
  return b[index] === undefined ? 1 : orderParts(a[index]!, b[index]);
};

const orderParts = (a: string, b: string): number => {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a < b ? -1 : 1;
};

const part = (name: string, index: 0 | 1 | 2): Overload =>
  overload(name, `semver_${name}`, `${SEMVER}.() -> int`, ({ data }: VersionValue) => data.numbers[index]);

export const SEMVERS: readonly Overload[] = [
  overload(
    'semver',
    'string_to_semver',
    `(string) -> ${SEMVER}`,
    (text: string) => toVersion(text),
    reads(0),
  ),
  overload('semver', 'string_bool_to_semver', `(string, bool) -> ${SEMVER}`, toVersion, reads(0)),
  overload(
    'isSemver',
    'is_semver_string',
    '(string) -> bool',
    (text: string) => parse(text) !== undefined,
    reads(0),
  ),
  overload(
    'isSemver',
    'is_semver_string_bool',
    '(string, bool) -> bool',
    (text: string, isLoose: boolean) => parse(text, isLoose) !== undefined,
    reads(0),
  ),
  overload(
    'isGreaterThan',
    'semver_is_greater_than',
    `${SEMVER}.(${SEMVER}) -> bool`,
    (a: VersionValue, b: VersionValue) => order(a.data, b.data) > 0,
  ),
  overload(
    'isLessThan',
    'semver_is_less_than',
    `${SEMVER}.(${SEMVER}) -> bool`,
    (a: VersionValue, b: VersionValue) => order(a.data, b.data) < 0,
  ),
  overload(
    'compareTo',
    'semver_compare_to',
    `${SEMVER}.(${SEMVER}) -> int`,
    (a: VersionValue, b: VersionValue) => BigInt(order(a.data, b.data)),
  ),
  part('major', 0),
  part('minor', 1),
  part('patch', 2),
];
