// Image names as containerd and Docker write them in full: `nginx` is `docker.io/library/nginx:latest`.
// The grammar and the defaults are those of github.com/distribution/reference (regexp.go, normalize.go).
import { ImageError } from './image-error.ts';

export type ImageReference = {
  /** Domain, path and tag (`latest` if there is neither tag nor digest), e.g. `docker.io/library/nginx:1.27`. */
  readonly name: string;
  /** `sha256:...` where the reference is pinned to one. */
  readonly digest: string | undefined;
};

const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^(?<repository>${DOMAIN}/${PATH_PART}(?:/${PATH_PART})*)(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$`,
);
const MAX_REPOSITORY_LENGTH = 255;

/** Parses a name as people write it; throws ImageError INVALID_NAME. */
export const parseReference = (text: string): ImageReference => {
  const { repository, tag, digest } = REFERENCE.exec(withDomain(text))?.groups ?? {};
  if (!repository || repository.length > MAX_REPOSITORY_LENGTH || isHex64(text)) throw invalid(text);
  return { name: tag || !digest ? `${repository}:${tag ?? 'latest'}` : repository, digest };
};

/** The first part is a registry if it looks like one: with a dot, a port or upper case, or `localhost`. */
const withDomain = (text: string): string => {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const [domain, rest] = slash >= 0 && isDomain ? [first, text.slice(slash + 1)] : ['docker.io', text];
  if (domain !== 'docker.io' && domain !== 'index.docker.io') return `${domain}/${rest}`;
  return `docker.io/${rest.includes('/') ? rest : `library/${rest}`}`;
};

/** 64 hexadecimal digits are an image's id, never a name. */
const isHex64 = (text: string): boolean => /^[a-f0-9]{64}$/.test(text);

const invalid = (text: string): ImageError => {
  const isCase =
    /[A-Z]/.test(text.replace(/[:@][^/]*$/, '')) && REFERENCE.test(withDomain(text.toLowerCase()));
  const reason = isCase ? 'repository name must be lowercase' : 'invalid reference format';
  return new ImageError('INVALID_NAME', `couldn't parse image name ${JSON.stringify(text)}: ${reason}`);
};
