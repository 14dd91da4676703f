// What a request on a kind is about, and the answers it may have in the form that its client wants.
import type { ObjectRef } from '../../client/client.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Kind } from '../kind.ts';
import type { ListPage, Subresource } from '../registry.ts';
import { type Encoding, type Form, negotiate } from './accept.ts';
import { type StreamEncoding, encodedAnswer } from './encodings.ts';
import type { Answer, ApiRequest } from './exchange.ts';
import type { StreamPresentation } from './event-frames.ts';
import { type Presentation, parseIncludeObject, presentList, presentObject } from './presentation.ts';

/** A request on a kind, its path understood. */
export type Target = {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: Subresource | undefined;
};

export type Answers = {
  readonly presentation: Presentation;
  readonly encoding: Encoding;
  readonly object: (object: Stored<KubeObject>, code?: number) => Answer | Promise<Answer>;
  readonly list: (page: ListPage) => Answer | Promise<Answer>;
};

export const refOf = (target: Pick<Target, 'name' | 'namespace'>): ObjectRef => ({
  name: target.name!,
  namespace: target.namespace,
});

/** Throws 406: before anything is done whose result the client could not read. */
export const answersFor = (
  { headers, query }: ApiRequest,
  { kind, subresource }: Target,
  clock: Clock,
): Answers => {
  const isScale = subresource === 'scale'; // which has no columns of its own
  const { encoding, form } = negotiate(headers.accept, { hasMessages: isScale || !kind.custom });
  const presentation = presentationOf(query, kind, isScale ? { as: 'object' } : form, clock);
  return {
    presentation,
    encoding,
    object: (object, code = 200) => encodedAnswer(encoding, code, presentObject(presentation, object)),
    list: (page) => encodedAnswer(encoding, 200, presentList(presentation, page)),
  };
};

/** How a watch shows its objects. Throws 406. */
export const streamPresentation = (
  { headers, query }: ApiRequest,
  kind: Kind,
  clock: Clock,
): StreamPresentation => {
  const { encoding, form } = negotiate(headers.accept, { hasMessages: !kind.custom, isStream: true });
  return { ...presentationOf(query, kind, form, clock), encoding: encoding as StreamEncoding };
};

const presentationOf = (query: URLSearchParams, kind: Kind, form: Form, clock: Clock): Presentation => ({
  kind,
  form,
  includeObject: parseIncludeObject(query.get('includeObject')),
  nowMs: clock.now(),
});
