// Links of a proxied page that begin with `/` are led through the proxy. Pure.
// k8s.io/apimachinery/pkg/util/proxy/transport.go

export type Page = {
  /** The path of the request up to and with `/proxy`. */
  readonly prefix: string;
  /** `HOST` or `HOST:PORT` of the target, and of the request. */
  readonly targetHosts: readonly string[];
  readonly requestHost: string;
};

/** Relative links and those to other hosts stay as they are. */
export const rewriteUrl = (text: string, { prefix, targetHosts, requestHost }: Page): string => {
  const [, origin = '', host = '', path = '', rest = ''] =
    /^((?:[a-z][a-z\d+.-]*:)?\/\/([^/?#]*))?([^?#]*)(.*)$/is.exec(text) ?? [];
  const isOwn = host === '' || host === requestHost || targetHosts.includes(host);
  if (!isOwn || !path.startsWith('/')) return text;
  const base = host !== '' && host === requestHost ? origin : '';
  return base + (path.startsWith(prefix) ? path : prefix + path) + rest;
};

/** HTML's attributes that hold one URL. */
const ATTRIBUTE = /(\s(?:action|cite|data|formaction|href|manifest|poster|src)\s*=\s*)("[^"]*"|'[^']*')/gi;
const TAG = /<[a-z][^<>]*>/gi;

export const rewriteHtml = (html: string, page: Page): string =>
  html.replace(TAG, (tag) =>
    tag.replace(ATTRIBUTE, (_, name: string, quoted: string) => {
      const quote = quoted[0]!;
      return name + quote + rewriteUrl(quoted.slice(1, -1), page) + quote;
    }),
  );
