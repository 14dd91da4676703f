// The subresources that are not just another view of the object: what is posted to them does something.
import type { ServiceAccount, TokenRequest } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { ServiceAccountTokens, TokenOptions } from '../auth/service-account-tokens.ts';
import { issueToken } from '../auth/token-request.ts';
import type { Kind } from '../kind.ts';
import type { Registry } from '../registry.ts';
import { negotiate } from './accept.ts';
import { decodeBody } from './decode-body.ts';
import { groupVersion } from './discovery.ts';
import { encodedAnswer } from './encodings.ts';
import type { Answer, ApiRequest } from './exchange.ts';
import { refOf } from './answers.ts';
import { requestContext } from './request-options.ts';
import type { ServedSubresource } from './served-resources.ts';

export type SubresourceOptions = {
  readonly registry: Registry;
  readonly tokens: ServiceAccountTokens;
  readonly find: TokenOptions['find'];
};

export type SubresourceTarget = {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: ServedSubresource;
};

const TOKEN_REQUEST = 'io.k8s.api.authentication.v1.TokenRequest';

/** binding, eviction, finalize and token: reads the object that the subresource takes and does what it says. */
export const createSubresourceHandler =
  ({ registry, tokens, find }: SubresourceOptions) =>
  async (request: ApiRequest, target: SubresourceTarget): Promise<Answer> => {
    const { kind, subresource } = target;
    const { encoding } = negotiate(request.headers.accept);
    const { group, version, kind: bodyKind } = subresource.responseKind;
    const { object, decodingErrors } = await decodeBody(await request.body(), {
      contentType: request.headers['content-type'],
      expected: { apiVersion: groupVersion(group, version), kind: bodyKind },
      findsDuplicates: true,
    });
    const context = requestContext(request, 'CreateOptions', decodingErrors);
    if (subresource.name === 'token') {
      const account = registry.get(kind, refOf(target)) as Stored<ServiceAccount>;
      const type = { group, version, kind: bodyKind };
      const through = { subresource: 'token', type, object, definition: TOKEN_REQUEST };
      const asking = { operation: 'CREATE', kind, ref: refOf(target), through } as const;
      const changed = (await registry.admit(asking, context)) as TokenRequest | undefined;
      const asked = { user: request.user, account, request: changed ?? (object as TokenRequest) };
      return encodedAnswer(encoding, 201, await issueToken(tokens, find, asked));
    }
    const made = await registry.createSubresource(kind, refOf(target), subresource.name, object, context);
    return encodedAnswer(encoding, subresource.verbs.includes('create') ? 201 : 200, made);
  };
