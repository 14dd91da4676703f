// What LimitRanges refuse (kubernetes plugin/pkg/admission/limitranger, ValidateLimit). Pure.
import { type Amounts, amountsOf } from '../../../k8s/amounts.ts';
import type { LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../../k8s/generated/types.ts';
import { containerAmounts } from '../../../k8s/pod-amounts.ts';
import { type ParsedQuantity, formatQuantity } from '../../../k8s/quantity.ts';

type Asked = { readonly requests: Amounts; readonly limits: Amounts };

/** Each finding in kube-apiserver's words. */
export const podFindings = ({ spec }: Pod, range: LimitRange): readonly string[] =>
  (range.spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Pod')
      return findings(item, {
        requests: containerAmounts(spec!, 'requests'),
        limits: containerAmounts(spec!, 'limits'),
      });
    if (item.type !== 'Container') return [];
    return [...(spec!.containers ?? []), ...(spec!.initContainers ?? [])].flatMap(({ resources }) =>
      findings(item, { requests: amountsOf(resources?.requests), limits: amountsOf(resources?.limits) }),
    );
  });

/** Of claims only what they request counts. */
export const claimFindings = ({ spec }: PersistentVolumeClaim, range: LimitRange): readonly string[] =>
  (range.spec?.limits ?? [])
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => {
      const requests = amountsOf(spec?.resources?.requests);
      return [
        ...check(item, 'min', (name, least) => tooLittle(name, item.type, least, { requests, limits: NONE })),
        ...check(item, 'max', (name, most) => tooMuchRequested(name, item.type, most, requests)),
      ];
    });

const NONE: Amounts = new Map();

const findings = (item: LimitRangeItem, asked: Asked): readonly string[] => [
  ...check(item, 'min', (name, least) => tooLittle(name, item.type, least, asked)),
  ...check(item, 'max', (name, most) => tooMuch(name, item.type, most, asked)),
  ...check(item, 'maxLimitRequestRatio', (name, ratio) => tooWide(name, item.type, ratio, asked)),
];

const check = (
  item: LimitRangeItem,
  list: 'min' | 'max' | 'maxLimitRequestRatio',
  finding: (name: string, bound: ParsedQuantity) => string | undefined,
): readonly string[] => [...amountsOf(item[list])].flatMap(([name, bound]) => finding(name, bound) ?? []);

const text = formatQuantity;

const tooLittle = (
  name: string,
  type: string,
  least: ParsedQuantity,
  { requests, limits }: Asked,
): string | undefined => {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const bound = `minimum ${name} usage per ${type} is ${text(least)}`;
  if (!request) return `${bound}.  No request is specified`;
  if (request.nanos < least.nanos) return `${bound}, but request is ${text(request)}`;
  return limit && limit.nanos < least.nanos ? `${bound}, but limit is ${text(limit)}` : undefined;
};

const tooMuch = (
  name: string,
  type: string,
  most: ParsedQuantity,
  { requests, limits }: Asked,
): string | undefined => {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const bound = `maximum ${name} usage per ${type} is ${text(most)}`;
  if (!limit) return `${bound}.  No limit is specified`;
  if (limit.nanos > most.nanos) return `${bound}, but limit is ${text(limit)}`;
  return request && request.nanos > most.nanos ? `${bound}, but request is ${text(request)}` : undefined;
};

const tooMuchRequested = (
  name: string,
  type: string,
  most: ParsedQuantity,
  requests: Amounts,
): string | undefined => {
  const request = requests.get(name);
  const bound = `maximum ${name} usage per ${type} is ${text(most)}`;
  if (!request) return `${bound}.  No request is specified`;
  return request.nanos > most.nanos ? `${bound}, but request is ${text(request)}` : undefined;
};

const tooWide = (
  name: string,
  type: string,
  ratio: ParsedQuantity,
  { requests, limits }: Asked,
): string | undefined => {
  const [request, limit] = [requests.get(name)?.nanos ?? 0n, limits.get(name)?.nanos ?? 0n];
  const bound = `${name} max limit to request ratio per ${type} is ${text(ratio)}`;
  if (request === 0n) return `${bound}, but no request is specified or request is 0`;
  if (limit === 0n) return `${bound}, but no limit is specified or limit is 0`;
  const isWider = limit * 10n ** 9n > ratio.nanos * request;
  return isWider
    ? `${bound}, but provided ratio is ${(Number(limit) / Number(request)).toFixed(6)}`
    : undefined;
};
