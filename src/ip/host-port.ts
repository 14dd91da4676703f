/** An address and a port as URLs and messages have them: an IPv6 address in brackets (RFC 3986 3.2.2). */
export const hostPort = (host: string, port: number | string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
