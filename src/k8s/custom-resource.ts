// What a CustomResourceDefinition's objects can be reached by.
import type { CustomResourceDefinition } from './generated/types.ts';
import type { Resource } from './resources.ts';

/** Undefined while the definition is not served. In the version that objects are stored in, if that one is served. */
export const customResourceOf = ({ spec, status }: CustomResourceDefinition): Resource | undefined => {
  const isEstablished = status?.conditions?.some(
    ({ type, status: state }) => type === 'Established' && state === 'True',
  );
  const served = spec.versions.filter((version) => version.served);
  const version = served.find(({ storage }) => storage) ?? served[0];
  if (!isEstablished || !version) return undefined;
  return {
    group: spec.group,
    version: version.name,
    resource: spec.names.plural,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
  };
};
