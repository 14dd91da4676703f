// A metric as the pages show it: a name, and samples that are read when somebody asks.
export type MetricType = 'counter' | 'gauge' | 'histogram';

export type MetricSpec<Names extends readonly string[] = readonly string[]> = {
  /** With its prefix and unit: `kubeproxy_sync_proxy_rules_duration_seconds`. */
  readonly name: string;
  readonly help: string;
  /** Their values come from closed sets: each combination lives as long as the thread. */
  readonly labels?: Names;
};

export type Sample = {
  /** Other than the family's: `..._bucket`, `..._sum`, `..._count`. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labelNames: readonly string[];
  readonly samples: () => readonly Sample[];
};

/** One text for each label, in the order of the names. */
export type LabelValues<Names extends readonly string[]> = { readonly [Index in keyof Names]: string };

export const familyOf = (
  { name, help, labels = [] }: MetricSpec,
  type: MetricType,
  samples: Family['samples'],
): Family => ({ name, help, type, labelNames: labels, samples });
