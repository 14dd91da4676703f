// What a CustomResourceDefinition's objects can be reached by.
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from './generated/types.ts';
import type { Resource } from './resources.ts';

/** Undefined while the definition is not served. In the version that objects are stored in, if that one is served. */
export const customResourceOf = (definition: CustomResourceDefinition): Resource | undefined => {
  const { spec } = definition;
  const served = servedIn(definition);
  const version = served.find(({ storage }) => storage) ?? served[0];
  if (!version) return undefined;
  return {
    group: spec.group,
    version: version.name,
    resource: spec.names.plural,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
  };
};

/** The names of the versions that can be asked for; none before the definition is established. */
export const servedVersionsOf = (definition: CustomResourceDefinition): readonly string[] =>
  servedIn(definition).map(({ name }) => name);

const servedIn = ({ spec, status }: CustomResourceDefinition): readonly CustomResourceDefinitionVersion[] => {
  const isEstablished = status?.conditions?.some(
    ({ type, status: state }) => type === 'Established' && state === 'True',
  );
  return isEstablished ? spec.versions.filter(({ served }) => served) : [];
};
