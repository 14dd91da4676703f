// What the labels of a namespace say about pods in it (k8s.io/pod-security-admission/api/helpers.go).
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid } from '../../../k8s/field-errors.ts';

const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof LEVELS)[number];

/** `latest`, or `v1.` and a number. */
export type LevelVersion = { readonly level: Level; readonly version: string };

export type Policy = {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
  /** Labels that cannot be understood: they enforce `restricted`, and neither audit nor warn. */
  readonly errors: readonly FieldError[];
};

type Labels = Readonly<Record<string, string>>;

const PREFIX = 'pod-security.kubernetes.io/';
const NOTHING: LevelVersion = { level: 'privileged', version: 'latest' };

export const isStricter = (a: Level, b: Level): boolean => LEVELS.indexOf(a) > LEVELS.indexOf(b);

export const policyText = ({ level, version }: LevelVersion): string => `${level}:${version}`;

/** Without labels everything is allowed. Those who enforce a level are warned of it too, unless they say otherwise. */
export const policyOf = (labels: Labels = {}): Policy => {
  const enforce = read(labels, 'enforce', 'restricted');
  const audit = read(labels, 'audit', 'privileged');
  const warn = read(labels, 'warn', 'privileged');
  const warns = labels[`${PREFIX}warn`] !== undefined || !isStricter(enforce.value.level, warn.value.level);
  return {
    enforce: enforce.value,
    audit: audit.value,
    warn: warns ? warn.value : enforce.value,
    errors: [...enforce.errors, ...audit.errors, ...warn.errors],
  };
};

const read = (labels: Labels, mode: string, fallback: Level) => {
  const [key, versionKey] = [`${PREFIX}${mode}`, `${PREFIX}${mode}-version`];
  const [level, version] = [labels[key], labels[versionKey]];
  const known = LEVELS.find((each) => each === level);
  const isVersion = version === undefined || /^(latest|v1\.(0|[1-9]\d*))$/.test(version);
  const path = (label: string): string => `metadata.labels[${label}]`;
  return {
    value: {
      level: known ?? (level === undefined ? NOTHING.level : fallback),
      version: isVersion && version !== undefined ? version : NOTHING.version,
    },
    errors: [
      ...(known || level === undefined
        ? []
        : [invalid(path(key), level, `must be one of ${LEVELS.join(', ')}`)]),
      ...(isVersion ? [] : [invalid(path(versionKey), version, 'must be "latest" or "v1.x"')]),
    ],
  };
};
