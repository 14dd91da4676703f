// The environment of one container (kubelet_pods.go makeEnvironmentVariables). Later sources win over earlier ones:
// Services, then envFrom in its order, then env in its order, where each value may use `$(NAME)` of those before it.
import type { ConfigMap, Container, EnvFromSource, EnvVar, Secret } from '../../k8s/generated/types.ts';
import { ownValue } from '../../lang/own-value.ts';
import { expand } from './expand.ts';
import { fieldValue } from './field-ref.ts';
import type { FieldFacts } from './field-ref.ts';
import { containerNamed, resourceFieldValue } from './resource-field.ts';
import type { NodeCapacity } from './resource-field.ts';
import type { Variable } from './service-env.ts';

export type EnvFacts = FieldFacts & {
  readonly serviceVariables: readonly Variable[];
  readonly capacity: NodeCapacity;
  /** Undefined: there is none of that name. */
  readonly configMap: (name: string) => Promise<ConfigMap | undefined>;
  readonly secret: (name: string) => Promise<Secret | undefined>;
};

/** A reference that cannot be resolved yet: the container waits with CreateContainerConfigError. */
class MissingReference extends Error {
  override readonly name = 'MissingReference';
}

/** Throws MissingReference for a missing ConfigMap, Secret or key that is not optional. */
export const containerEnv = async (container: Container, facts: EnvFacts): Promise<readonly Variable[]> => {
  const env = new Map<string, string>();
  const services = new Map(facts.serviceVariables.map(({ name, value }) => [name, value]));
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of Object.entries(await envFromValues(source, facts)))
      if (isVariableName(key)) env.set(`${source.prefix ?? ''}${key}`, value);
  }
  const lookUp = (name: string): string | undefined => env.get(name) ?? services.get(name);
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, container, facts, lookUp);
    if (value !== undefined) env.set(variable.name, value);
  }
  return [...new Map([...services, ...env])].map(([name, value]) => ({ name, value }));
};

// Relaxed names are GA since 1.34: any printable ASCII but `=`.
const isVariableName = (key: string): boolean => /^[\x20-\x3c\x3e-\x7e]+$/.test(key);

const envFromValues = async (
  { configMapRef, secretRef }: EnvFromSource,
  facts: EnvFacts,
): Promise<Readonly<Record<string, string>>> => {
  if (configMapRef) {
    const { name = '', optional } = configMapRef;
    const found = await facts.configMap(name);
    if (!found && !optional) throw missing('configmap', name);
    return found?.data ?? {};
  }
  if (!secretRef) return {};
  const found = await facts.secret(secretRef.name ?? '');
  if (!found && !secretRef.optional) throw missing('secret', secretRef.name ?? '');
  return Object.fromEntries(Object.entries(found?.data ?? {}).map(([key, value]) => [key, decode(value)]));
};

const variableValue = async (
  { name, value, valueFrom }: EnvVar,
  container: Container,
  facts: EnvFacts,
  lookUp: (name: string) => string | undefined,
): Promise<string | undefined> => {
  if (!valueFrom) return expand(value ?? '', lookUp);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) return fieldValue(fieldRef.fieldPath, facts);
  if (resourceFieldRef) {
    const { containerName } = resourceFieldRef;
    const target = containerName ? containerNamed(facts.pod, containerName) : container;
    return resourceFieldValue(resourceFieldRef, target, facts.capacity);
  }
  if (configMapKeyRef) return configMapKey(configMapKeyRef, facts);
  if (secretKeyRef) return secretKey(secretKeyRef, facts);
  throw new MissingReference(`env ${name}: valueFrom has no source that podnet knows`);
};

type KeyRef = {
  readonly key: string;
  readonly name?: string | undefined;
  readonly optional?: boolean | undefined;
};

const configMapKey = async (ref: KeyRef, facts: EnvFacts): Promise<string | undefined> => {
  const found = await facts.configMap(ref.name ?? '');
  return keyValue('configmap', 'ConfigMap', ref, found && (found.data ?? {}), facts);
};

const secretKey = async (ref: KeyRef, facts: EnvFacts): Promise<string | undefined> => {
  const found = await facts.secret(ref.name ?? '');
  const value = keyValue('secret', 'Secret', ref, found && (found.data ?? {}), facts);
  return value === undefined ? undefined : decode(value);
};

const keyValue = (
  resource: string,
  kind: string,
  { key, name = '', optional }: KeyRef,
  data: Readonly<Record<string, string>> | undefined,
  { pod }: EnvFacts,
): string | undefined => {
  const value = ownValue(data, key);
  if (value !== undefined || optional) return value;
  if (!data) throw missing(resource, name);
  throw new MissingReference(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`);
};

const missing = (resource: string, name: string): MissingReference =>
  new MissingReference(`${resource} "${name}" not found`);

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
