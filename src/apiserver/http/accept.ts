// Content negotiation: which form of the answer a client wants. As k8s.io/apiserver's negotiation does it, the Accept
// header's clauses are tried in order of their q, and the first one that we can serve wins.
import { notAcceptable } from './http-errors.ts';

export type MetaVersion = 'v1' | 'v1beta1';

export type Form =
  | { readonly as: 'object' }
  | { readonly as: 'Table'; readonly version: MetaVersion }
  | { readonly as: 'PartialObjectMetadata'; readonly version: MetaVersion };

export type Encoding = 'json' | 'yaml' | 'protobuf';

export type Media = { readonly encoding: Encoding; readonly form: Form };

export type DiscoveryVersion = 'v2' | 'v2beta1';

type Clause = { readonly type: string; readonly parameters: Readonly<Record<string, string>> };

export type Negotiable = {
  /** There are messages of protobuf for the objects: custom resources have none. Of metadata there always are. */
  readonly hasMessages?: boolean;
  /** A watch: YAML has no frames. */
  readonly isStream?: boolean;
};

/** Throws 406 if no clause can be served. */
export const negotiate = (
  accept: string | undefined,
  { hasMessages = true, isStream = false }: Negotiable = {},
): Media => {
  for (const { type, parameters } of clausesOf(accept)) {
    const encoding = encodingOf(type);
    const form = formOf(parameters);
    if (!encoding || !form || !isStreamed(encoding, parameters['stream'], isStream)) continue;
    if (encoding !== 'protobuf' || canBeMessage(form, hasMessages)) return { encoding, form };
  }
  throw notAcceptable(isStream);
};

/** How what has one form only is written, whatever else the client asked for: a Status, a document. */
export const plainEncoding = (accept: string | undefined): 'json' | 'protobuf' => {
  const plain = clausesOf(accept).find(
    ({ type, parameters }) => encodingOf(type) && parameters['as'] === undefined,
  );
  return plain && encodingOf(plain.type) === 'protobuf' ? 'protobuf' : 'json';
};

/** Which aggregated discovery document a client prefers, or in which encoding the plain ones. */
export const negotiateDiscovery = (
  accept: string | undefined,
): DiscoveryVersion | Exclude<Encoding, 'yaml'> => {
  for (const { type, parameters } of clausesOf(accept)) {
    const encoding = encodingOf(type);
    if (encoding === undefined || encoding === 'yaml') continue;
    if (parameters['as'] === undefined) return encoding;
    if (encoding !== 'json') continue;
    const { as, g, v } = parameters;
    if (as !== 'APIGroupDiscoveryList' || g !== 'apidiscovery.k8s.io') continue;
    if (v === 'v2' || v === 'v2beta1') return v;
  }
  throw notAcceptable();
};

const isStreamed = (encoding: Encoding, stream: string | undefined, isStream: boolean): boolean => {
  if (encoding === 'yaml') return !stream && !isStream;
  return !stream || stream === 'watch';
};

/** Cells of Tables may be anything, which messages cannot say. */
const canBeMessage = ({ as }: Form, hasMessages: boolean): boolean =>
  as === 'PartialObjectMetadata' || (as === 'object' && hasMessages);

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const encodingOf = (type: string): Encoding | undefined => {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  if (type === PROTOBUF) return 'protobuf';
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
