// URLs, as Go's net/url takes them for a request: absolute, or a path from the root (k8s.io/apiserver/pkg/cel/library/urls.go).
import { reads } from '../cost/model.ts';
import { CelError, Opaque, ValueList, ValueMap } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

export const URL_TYPE = 'kubernetes.URL';

type UrlParts = {
  readonly scheme: string;
  /** With the port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
};

type UrlValue = Opaque<UrlParts & { readonly text: string }>;

/** The parts, or what is wrong in Go's words. */
export const parseRequestUrl = (text: string): UrlParts | string => {
  const refuse = (why: string): string => `parse ${JSON.stringify(text)}: ${why}`;
  if (hasControl(text)) return refuse('net/url: invalid control character in URL');
  if (text === '') return refuse('empty url');
  const [, scheme = '', rest] = /^(?:([A-Za-z][A-Za-z\d+.-]*):)?([^]*)$/.exec(text)!;
  if (scheme === '' && rest!.startsWith(':')) return refuse('missing protocol scheme');
  if (!rest!.startsWith('/'))
    return scheme === ''
      ? refuse('invalid URI for request')
      : { scheme, host: '', path: '', query: queryOf(rest!) };
  const [, host = '', path] = /^(?:\/\/([^/?#]*))?([^?#]*)/.exec(rest!)!;
  const escape = /%(?![\da-fA-F]{2}).{0,2}/.exec(`${host}${path}`);
  if (escape) return refuse(`invalid URL escape ${JSON.stringify(escape[0])}`);
  const wrong = hostFinding(host.slice(host.lastIndexOf('@') + 1));
  if (wrong !== undefined) return refuse(wrong);
  return {
    scheme: scheme.toLowerCase(),
    host: host.slice(host.lastIndexOf('@') + 1),
    path: path!,
    query: queryOf(rest!),
  };
};

const hasControl = (text: string): boolean =>
  Array.from(text).some((character) => character < ' ' || character === '\u007f');

const queryOf = (rest: string): string => /\?([^#]*)/.exec(rest)?.[1] ?? '';

const hostFinding = (host: string): string | undefined => {
  const odd = /[ "<>\\^`{|}]/.exec(host);
  if (odd) return `invalid character ${JSON.stringify(odd[0])} in host name`;
  const [, address, port] = /^(\[[^\]]*\]|[^:]*)(:[^]*)?$/.exec(host) ?? [];
  if (host.startsWith('[') && address === undefined) return "missing ']' in host";
  return port === undefined || /^:\d*$/.test(port)
    ? undefined
    : `invalid port ${JSON.stringify(port)} after host`;
};

const toUrl = (text: string): UrlValue => {
  const parts = parseRequestUrl(text);
  if (typeof parts === 'string')
    throw new CelError(`URL parse error during conversion from string: ${parts}`);
  return new Opaque(URL_TYPE, { ...parts, text }, (other) => other.text === text);
};

const portOf = (host: string): string => /:(\d*)$/.exec(host)?.[1] ?? '';
const nameOf = (host: string): string => host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');

/** The path with every character escaped that a path cannot have. */
const escapedPath = (path: string): string =>
  path.replace(/[^\w.~!$&'()*+,;=:@/%-]/gu, (character) => encodeURIComponent(character));

const queryMap = (query: string): ValueMap => {
  const map = new ValueMap();
  const params = new URLSearchParams(query);
  for (const name of new Set(params.keys())) map.set(name, new ValueList(params.getAll(name)));
  return map;
};

const getter = (name: string, id: string, part: (url: UrlParts) => string): Overload =>
  overload(name, id, `${URL_TYPE}.() -> string`, ({ data }: UrlValue) => part(data));

export const URLS: readonly Overload[] = [
  overload('url', 'string_to_url', `(string) -> ${URL_TYPE}`, toUrl, reads(0, { keepsSize: true })),
  overload(
    'isURL',
    'is_url_string',
    '(string) -> bool',
    (text: string) => typeof parseRequestUrl(text) !== 'string',
  ),
  getter('getScheme', 'url_get_scheme', ({ scheme }) => scheme),
  getter('getHost', 'url_get_host', ({ host }) => host),
  getter('getHostname', 'url_get_hostname', ({ host }) => nameOf(host)),
  getter('getPort', 'url_get_port', ({ host }) => portOf(host)),
  getter('getEscapedPath', 'url_get_escaped_path', ({ path }) => escapedPath(path)),
  overload('getQuery', 'url_get_query', `${URL_TYPE}.() -> map(string, list(string))`, ({ data }: UrlValue) =>
    queryMap(data.query),
  ),
];
