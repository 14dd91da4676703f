// How the proxy subresource names its target: `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`.
// k8s.io/apimachinery/pkg/util/net/port_split.go

export type SchemeNamePort = {
  readonly scheme: 'http' | 'https' | '';
  readonly name: string;
  /** A number or a name; '' where none is given. */
  readonly port: string;
};

/** Undefined for any other form. */
export const splitSchemeNamePort = (id: string): SchemeNamePort | undefined => {
  const parts = id.split(':');
  if (parts.length > 3) return undefined;
  const [scheme, name, port] = parts.length === 3 ? parts : ['', ...parts, ''];
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') return undefined;
  return name ? { scheme, name, port: port ?? '' } : undefined;
};
