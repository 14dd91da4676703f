// The OpenAPI documents: version 3 by group version, which clients keep for ever under its hash, and version 2 whole.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
import type { OpenApi } from '../openapi/openapi.ts';
import { type Answer, type ApiRequest, type DocumentAnswer, jsonAnswer } from './exchange.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

/** `segments`: what follows `/openapi/` in the path. Undefined if there is no such document. */
export const openApiAnswer = (
  openApi: OpenApi,
  request: ApiRequest,
  [version, ...rest]: readonly string[],
): Answer | Promise<Answer> | undefined => {
  if (version === 'v2' && rest.length === 0) return v2Answer(openApi, request);
  return version === 'v3' ? v3Answer(openApi, request, rest.join('/')) : undefined;
};

const v2Answer = (openApi: OpenApi, request: ApiRequest): Answer | Promise<Answer> => {
  if (request.headers.accept?.includes('proto-openapi.spec.v2')) return v2ProtobufAnswer();
  const { text, hash } = openApi.v2();
  return unlessKnown(request, text, { etag: `"${hash}"`, vary: 'Accept' });
};

/** For old clients: what writes protobuf is loaded by the first. */
const v2ProtobufAnswer = async (): Promise<Answer> => {
  const { OPENAPI_V2_PROTOBUF, openApiV2Protobuf } = await import('../openapi/v2-protobuf.ts');
  return answerOf(openApiV2Protobuf(), OPENAPI_V2_PROTOBUF);
};

const v3Answer = (openApi: OpenApi, request: ApiRequest, path: string): Answer | undefined => {
  if (path === '') return jsonAnswer(200, openApi.index());
  const document = openApi.document(path);
  if (!document) return undefined;
  const { text, hash } = document;
  const asked = request.query.get('hash');
  if (asked !== null && asked !== hash)
    return {
      ...answerOf('', 'text/plain'),
      code: 301,
      headers: { location: `/openapi/v3/${path}?hash=${hash}` },
    };
  return unlessKnown(request, text, {
    etag: `"${hash}"`,
    vary: 'Accept',
    ...(asked === null ? {} : { 'cache-control': `public, max-age=${YEAR_SECONDS}, immutable` }),
  });
};

const unlessKnown = (
  request: ApiRequest,
  text: string,
  headers: { readonly etag: string } & Readonly<Record<string, string>>,
): Answer => {
  const isKnown = request.headers['if-none-match'] === headers.etag;
  return { ...answerOf(isKnown ? '' : text), headers, code: isKnown ? 304 : 200 };
};

const answerOf = (body: string, contentType = 'application/json'): DocumentAnswer => ({
  kind: 'document',
  code: 200,
  contentType,
  body,
});
