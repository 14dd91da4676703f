// Content negotiation: which form of the answer a client wants. As k8s.io/apiserver's negotiation does it, the Accept
// header's clauses are tried in order of their q, and the first one that we can serve wins.
import { notAcceptable } from './http-errors.ts';

export type MetaVersion = 'v1' | 'v1beta1';

export type Form =
  | { readonly as: 'object' }
  | { readonly as: 'Table'; readonly version: MetaVersion }
  | { readonly as: 'PartialObjectMetadata'; readonly version: MetaVersion };

export type Media = { readonly encoding: 'json' | 'yaml'; readonly form: Form };

export type DiscoveryVersion = 'v2' | 'v2beta1';

type Clause = { readonly type: string; readonly parameters: Readonly<Record<string, string>> };

/** Throws 406 if no clause can be served. */
export const negotiate = (accept: string | undefined): Media => {
  for (const clause of clausesOf(accept)) {
    const encoding = encodingOf(clause.type);
    const form = formOf(clause.parameters);
    if (encoding && form) return { encoding, form };
  }
  throw notAcceptable();
};

/** Which aggregated discovery document a client prefers; undefined: the plain ones. */
export const negotiateDiscovery = (accept: string | undefined): DiscoveryVersion | undefined => {
  for (const { type, parameters } of clausesOf(accept)) {
    if (encodingOf(type) !== 'json') continue;
    if (parameters['as'] === undefined) return undefined;
    const { as, g, v } = parameters;
    if (as !== 'APIGroupDiscoveryList' || g !== 'apidiscovery.k8s.io') continue;
    if (v === 'v2' || v === 'v2beta1') return v;
  }
  throw notAcceptable();
};

const encodingOf = (type: string): Media['encoding'] | undefined => {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
};

const formOf = ({ as, g, v }: Clause['parameters']): Form | undefined => {
  if (as === undefined) return { as: 'object' };
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined;
  if (as === 'Table') return { as, version: v };
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList')
    return { as: 'PartialObjectMetadata', version: v };
  return undefined;
};

const clausesOf = (accept: string | undefined): readonly Clause[] =>
  (accept?.trim() || '*/*')
    .split(',')
    .map(clauseOf)
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q);

const clauseOf = (text: string): Clause & { readonly q: number } => {
  const [type, ...rest] = text.split(';').map((part) => part.trim());
  const pairs = rest.map((part) => part.split('=').map((each) => each.trim()));
  const parameters = Object.fromEntries(pairs.map(([key, value]) => [key!, value ?? '']));
  return { type: type!.toLowerCase(), parameters, q: Number(parameters['q'] ?? 1) };
};
