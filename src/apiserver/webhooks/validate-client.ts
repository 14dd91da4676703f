// How a webhook is reached, as objects say it: by a URL, or by a Service.
// Source: k8s.io/apiserver/pkg/util/webhook/validation.go.
import type { FieldError } from '../../k8s/field-error.ts';
import { invalid, required } from '../../k8s/field-errors.ts';
import { dns1123Subdomain } from '../../k8s/name-rules.ts';

const FORM = '; desired format: https://host[/path]';

export const webhookUrlErrors = (text: string, path: string): readonly FieldError[] => {
  const url = URL.parse(text);
  if (!url)
    return [required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URI${FORM}`)];
  return [
    ...(url.protocol === 'https:'
      ? []
      : [invalid(path, url.protocol.slice(0, -1), `'https' is the only allowed URL scheme${FORM}`)]),
    ...(url.host === '' ? [invalid(path, '', `host must be specified${FORM}`)] : []),
    ...(url.username || url.password
      ? [invalid(path, userOf(url), 'user information is not permitted in the URL')]
      : []),
    ...(url.hash ? [invalid(path, url.hash.slice(1), 'fragments are not permitted in the URL')] : []),
    ...(url.search
      ? [invalid(path, url.search.slice(1), 'query parameters are not permitted in the URL')]
      : []),
  ];
};

const userOf = ({ username, password }: URL): string => (password ? `${username}:${password}` : username);

export type ServiceReference = {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
};

export const webhookServiceErrors = (
  { namespace, name, path: urlPath, port }: ServiceReference,
  path: string,
): readonly FieldError[] => [
  // Name and namespace are each reported in the other's place: so does kube-apiserver, which swaps them.
  ...(namespace ? [] : [required(`${path}.name`)]),
  ...(name ? [] : [required(`${path}.namespace`)]),
  ...(port === undefined || (port > 0 && port < 65_536)
    ? []
    : [invalid(`${path}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive')]),
  ...(urlPath && urlPath !== '/' ? pathErrors(urlPath, `${path}.path`) : []),
];

const pathErrors = (urlPath: string, path: string): readonly FieldError[] => {
  const segments = urlPath.slice(1).replace(/\/$/, '').split('/');
  return [
    ...(urlPath.startsWith('/') ? [] : [invalid(path, urlPath, "must start with a '/'")]),
    ...segments.flatMap((segment, index) =>
      segment === ''
        ? [invalid(path, urlPath, `segment[${index}] may not be empty`)]
        : dns1123Subdomain(segment).map((finding) => invalid(path, urlPath, `segment[${index}]: ${finding}`)),
    ),
  ];
};
