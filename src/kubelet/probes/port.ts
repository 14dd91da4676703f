// The port of a probe or hook: a number, or the name of one of the container's ports.
import type { Container, IntOrString } from '../../k8s/generated/types.ts';

/** Throws if the container has no port of that name. */
export const portOf = (port: IntOrString, container: Container): number => {
  const named = (container.ports ?? []).find(({ name }) => name === port);
  const number = named?.containerPort ?? Number(port);
  if (!Number.isInteger(number)) throw new Error(`port "${port}" not found`);
  if (number < 1 || number > 65535) throw new Error(`invalid port number: ${number}`);
  return number;
};
