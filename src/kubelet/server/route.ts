// The kubelet's paths: text in, route out.

export type PodPath = { readonly namespace: string; readonly pod: string };

export type ContainerPath = PodPath & { readonly container: string };

export type ContainerRoute = {
  readonly kind: 'logs' | 'exec' | 'attach';
  readonly of: ContainerPath;
  readonly query: URLSearchParams;
};

export type PodRoute = {
  readonly kind: 'port-forward';
  readonly of: PodPath;
  readonly query: URLSearchParams;
};

/** One that the node was given: see NodePages. */
export type PageRoute = { readonly kind: 'page'; readonly name: string; readonly query: URLSearchParams };

export type Route = { readonly kind: 'healthz' | 'pods' | 'metrics' } | PageRoute | ContainerRoute | PodRoute;

const BY_CONTAINER: ReadonlyMap<string, ContainerRoute['kind']> = new Map([
  ['containerLogs', 'logs'],
  ['exec', 'exec'],
  ['attach', 'attach'],
]);

/** Undefined for a path that a kubelet does not have; whether there is such a page is not known here. */
export const routeOf = (url: string): Route | undefined => {
  const parsed = URL.parse(url, 'https://kubelet');
  const parts = parsed?.pathname.split('/').slice(1).map(decode) ?? [];
  if (!parsed || !parts.every((part) => part !== undefined && part !== '')) return undefined;
  const [first, namespace, pod, container] = parts as readonly string[];
  if (parts.length === 1)
    return first === 'healthz' || first === 'pods' || first === 'metrics'
      ? { kind: first }
      : { kind: 'page', name: first!, query: parsed.searchParams };
  if (!namespace || !pod || parts.length > 4) return undefined;
  if (first === 'portForward' && !container)
    return { kind: 'port-forward', of: { namespace, pod }, query: parsed.searchParams };
  const kind = BY_CONTAINER.get(first!);
  if (!kind || !container) return undefined;
  return { kind, of: { namespace, pod, container }, query: parsed.searchParams };
};

const decode = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
};

/** `1` and `true` are yes, as Go's ParseBool and kubelet's own parameters have it. */
export const isYes = (query: URLSearchParams, name: string): boolean =>
  ['1', 'true', 't', 'T', 'TRUE', 'True'].includes(query.get(name) ?? '');
