// What a request on a kind is about, and the answers it may have in the form that its client wants.
import type { ObjectRef } from '../../client/client.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Kind } from '../kind.ts';
import type { ListPage, Subresource } from '../registry.ts';
import { type Media, negotiate } from './accept.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './exchange.ts';
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
  readonly encoding: Media['encoding'];
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
  const { encoding, form } = negotiate(headers.accept);
  const presentation: Presentation = {
    kind,
    form: subresource === 'scale' ? { as: 'object' } : form, // a Scale has no columns of its own
    includeObject: parseIncludeObject(query.get('includeObject')),
    nowMs: clock.now(),
  };
  return {
    presentation,
    encoding,
    object: (object, code = 200) => encoded(encoding, presentObject(presentation, object), code),
    list: (page) => encoded(encoding, presentList(presentation, page), 200),
  };
};

/** YAML is for people who ask with curl; its package is loaded when the first one does. */
const encoded = (encoding: Media['encoding'], body: object, code: number): Promise<Answer> | Answer =>
  encoding === 'json' ? jsonAnswer(code, body) : yamlAnswer(code, body);

const yamlAnswer = async (code: number, body: object): Promise<Answer> => {
  const { stringify } = await import('yaml');
  return { kind: 'document', code, contentType: 'application/yaml', body: stringify(body) };
};
