// Warnings as headers (RFC 7234 5.5), bounded as kube-apiserver bounds them: webhooks may say anything, and clients take only so
// much of headers. Source: k8s.io/apiserver/pkg/endpoints/filters/warning.go, k8s.io/apimachinery/pkg/util/net/http.go.

const TOTAL_CHARACTERS_MAX = 4096;
const CHARACTERS_MAX = 256;

/** The values of the headers `Warning`: whole texts while all fit, else the beginnings of those that do. */
export const warningHeaders = (texts: readonly string[]): string[] => {
  const all = texts.map((text) => Array.from(text)); // by characters, which may be longer than code units
  const total = all.reduce((sum, { length }) => sum + length, 0);
  if (total <= TOTAL_CHARACTERS_MAX) return texts.map(headerOf);
  const fitting = TOTAL_CHARACTERS_MAX / CHARACTERS_MAX;
  return all.slice(0, fitting).map((characters) => headerOf(characters.slice(0, CHARACTERS_MAX).join('')));
};

/** Code 299, no agent, quoted text without control characters; in UTF-8, a byte a character as Node's headers want it. */
const headerOf = (text: string): string => {
  const quoted = text.replace(/\p{Cc}/gu, ' ').replace(/["\\]/g, '\\$&');
  return `299 - "${Buffer.from(quoted, 'utf8').toString('latin1')}"`;
};
