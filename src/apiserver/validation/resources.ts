// Rules for resource requests and limits.
import { invalid, required } from '../../k8s/field-errors.ts';
import type { Quantity, ResourceRequirements } from '../../k8s/generated/types.ts';
import { qualifiedName } from '../../k8s/name-rules.ts';
import { isWholeQuantity, parseQuantity } from '../../k8s/quantity.ts';
import { type FieldErrors, eachEntry, ifSet, when } from './compose.ts';

const QUANTITY_PATTERN =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

export const resourceRequirements = (
  resources: ResourceRequirements | undefined,
  path: string,
): FieldErrors =>
  ifSet(resources, ({ limits, requests }) => [
    ...eachEntry(limits, `${path}.limits`, containerResource),
    ...eachEntry(requests, `${path}.requests`, (name, quantity, at) => [
      ...containerResource(name, quantity, at),
      ...requestWithin(name, quantity, limits, path),
    ]),
  ]);

const containerResource = (name: string, quantity: Quantity, path: string): FieldErrors => [
  ...containerResourceName(name, path),
  ...resourceQuantity(name, quantity, path),
];

const CONTAINER_RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];
const OTHER_RESOURCES =
  /^(storage|pods|services|secrets|configmaps|persistentvolumeclaims|replicationcontrollers|resourcequotas|(requests|limits)\..+|services\..+)$/;

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');

export const containerResourceName = (name: string, path: string): FieldErrors => {
  const messages = qualifiedName(name);
  if (messages.length > 0) return messages.map((message) => invalid(path, name, message));
  if (name.includes('/') || CONTAINER_RESOURCES.includes(name) || isHugePages(name)) return [];
  return [
    ...when(!OTHER_RESOURCES.test(name), () =>
      invalid(path, name, 'must be a standard resource type or fully qualified'),
    ),
    invalid(path, name, 'must be a standard resource for containers'),
  ];
};

/** Extended resources are counted in whole pieces. */
export const resourceQuantity = (name: string, quantity: Quantity, path: string): FieldErrors => {
  const parsed = parseQuantity(quantity);
  if (!parsed) return [invalid(path, quantity, QUANTITY_PATTERN)];
  return [
    ...when(parsed.nanos < 0n, () => invalid(path, quantity, 'must be greater than or equal to 0')),
    ...when(!isWholeQuantity(parsed) && isCountedWhole(name), () =>
      invalid(path, quantity, 'must be an integer'),
    ),
  ];
};

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

const OBJECT_COUNTS =
  /^(pods|resourcequotas|services|services\.nodeports|services\.loadbalancers|replicationcontrollers|secrets|configmaps|persistentvolumeclaims)$/;

const isCountedWhole = (name: string): boolean => !isNative(name) || OBJECT_COUNTS.test(name);

const requestWithin = (
  name: string,
  request: Quantity,
  limits: Readonly<Record<string, Quantity>> | undefined,
  path: string,
): FieldErrors => {
  const mayOvercommit = isNative(name) && !isHugePages(name);
  const limit = limits?.[name];
  if (limit === undefined)
    return when(!mayOvercommit, () =>
      required(`${path}.limits`, 'Limit must be set for non overcommitable resources'),
    );
  const [asked, most] = [parseQuantity(request)?.nanos ?? 0n, parseQuantity(limit)?.nanos ?? 0n];
  if (asked === most || (asked < most && mayOvercommit)) return [];
  const relation = mayOvercommit ? 'less than or equal to' : 'equal to';
  return [invalid(`${path}.requests`, request, `must be ${relation} ${name} limit of ${limit}`)];
};
