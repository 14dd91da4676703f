// exec, attach, port-forward and proxy as admission sees them: a connection, with the query as its object
// (k8s.io/api/core/v1: PodExecOptions, PodAttachOptions, PodPortForwardOptions, PodProxyOptions, ...).
import type { ObjectRef } from '../../client/client.ts';
import type { Kind } from '../kind.ts';
import type { Registry, RequestContext } from '../registry.ts';
import { refOf } from './answers.ts';
import { splitSchemeNamePort } from './proxy/scheme-name-port.ts';
import type { ResourcePath } from './request-path.ts';

/** How a connection is asked for: a proxied one has what follows `.../proxy` as its path, '' or with a slash. */
export type Connection = { readonly query: URLSearchParams; readonly tail: string };

/**
 * The connection as webhooks want it. Rejects with what admission refuses with. Nothing is asked for subresources that are no
 * connections.
 */
export const admitConnection = async (
  registry: Registry,
  path: ResourcePath,
  connection: Connection,
  context: Pick<RequestContext, 'user' | 'annotate' | 'warn'>,
): Promise<Connection> => {
  const kind = registry.kinds.find(path);
  const options = optionsOf(path, connection);
  const ref = targetOf(path);
  if (!kind || !options || !ref) return connection;
  const { subresource = '' } = path;
  const type = { group: '', version: 'v1', kind: optionsKind(kind, subresource) };
  const object = { kind: type.kind, apiVersion: 'v1', ...options };
  const changed = await registry.admit(
    { operation: 'CONNECT', kind, ref, through: { subresource, type, object } },
    { ...CONNECTING, ...context },
  );
  return changed ? connectionOf(changed, connection) : connection;
};

/** The object that is connected to: the proxy's names may say a scheme and a port with it. Undefined: the proxy refuses it. */
const targetOf = (path: ResourcePath): ObjectRef | undefined => {
  const ref = refOf(path);
  if (path.subresource !== 'proxy') return ref;
  const name = splitSchemeNamePort(ref.name)?.name;
  return name === undefined ? undefined : { ...ref, name };
};

/** A connection writes nothing. */
const CONNECTING: Omit<RequestContext, 'user' | 'warn'> = {
  dryRun: false,
  fieldManager: '',
  fieldValidation: 'Ignore',
  decodingErrors: [],
};

const WORDS: Readonly<Record<string, string>> = {
  exec: 'Exec',
  attach: 'Attach',
  portforward: 'PortForward',
  proxy: 'Proxy',
};

const optionsKind = ({ resource }: Kind, subresource: string): string =>
  `${resource.kind}${WORDS[subresource]}Options`;

const FLAGS = ['stdin', 'stdout', 'stderr', 'tty'];

const optionsOf = ({ subresource }: ResourcePath, { query, tail }: Connection): object | undefined => {
  if (subresource === 'proxy') return tail === '' ? {} : { path: tail.slice(1) };
  if (subresource === 'portforward') return { ports: query.getAll('ports').map(Number) };
  if (subresource !== 'exec' && subresource !== 'attach') return undefined;
  const set = FLAGS.filter((flag) => /^(true|1)$/i.test(query.get(flag) ?? ''));
  const container = query.get('container');
  return {
    ...Object.fromEntries(set.map((flag) => [flag, true])),
    ...(container && { container }),
    ...(subresource === 'exec' && { command: query.getAll('command') }),
  };
};

/** What options that webhooks have changed ask for; what is not of its type is not there. */
const connectionOf = (options: object, before: Connection): Connection => {
  const { kind, path, ports, container, command, ...flags } = options as Readonly<Record<string, unknown>>;
  if (String(kind).endsWith('ProxyOptions'))
    return { ...before, tail: typeof path === 'string' && path !== '' ? `/${path.replace(/^\//, '')}` : '' };
  const pairs = (name: string, value: unknown): readonly [string, string][] =>
    (Array.isArray(value) ? (value as unknown[]) : []).map((each) => [name, String(each)]);
  const set = FLAGS.filter((flag) => flags[flag] === true);
  return {
    ...before,
    query: new URLSearchParams([
      ...set.map((flag): [string, string] => [flag, 'true']),
      ...pairs('container', typeof container === 'string' ? [container] : []),
      ...pairs('command', command),
      ...pairs('ports', ports),
    ]),
  };
};
