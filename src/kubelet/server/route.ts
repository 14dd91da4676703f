// The kubelet's paths: text in, route out.

export type ContainerPath = { readonly namespace: string; readonly pod: string; readonly container: string };

export type Route =
  | { readonly kind: 'healthz' | 'pods' | 'metrics' }
  | {
      readonly kind: 'logs' | 'exec' | 'attach';
      readonly of: ContainerPath;
      readonly query: URLSearchParams;
    };

const BY_CONTAINER: Readonly<Record<string, 'logs' | 'exec' | 'attach'>> = {
  containerLogs: 'logs',
  exec: 'exec',
  attach: 'attach',
};

/** Undefined for a path that a kubelet does not have. */
export const routeOf = (url: string): Route | undefined => {
  const { pathname, searchParams } = new URL(url, 'https://kubelet');
  const [first = '', namespace, pod, container, ...rest] = pathname
    .split('/')
    .slice(1)
    .map(decodeURIComponent);
  if (namespace === undefined) {
    return first === 'healthz' || first === 'pods' || first === 'metrics' ? { kind: first } : undefined;
  }
  const kind = BY_CONTAINER[first];
  if (!kind || !namespace || !pod || !container || rest.length > 0) return undefined;
  return { kind, of: { namespace, pod, container }, query: searchParams };
};

/** `1` and `true` are yes, as Go's ParseBool and kubelet's own parameters have it. */
export const isYes = (query: URLSearchParams, name: string): boolean =>
  ['1', 'true', 't', 'T', 'TRUE', 'True'].includes(query.get(name) ?? '');
