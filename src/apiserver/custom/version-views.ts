// The versions of one definition seen from each other: what is stored in one is shown in all that are served.
import type { CustomResourceDefinition } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { JsonObject } from '../../lang/json.ts';
import { rememberEach } from '../../lang/remember.ts';
import type { CustomKind, Draft, Kind } from '../kind.ts';
import { NotConverted } from './conversion.ts';
import type { Conversion } from './conversion.ts';
import { schemaOf, storageVersionOf } from './versions.ts';
import { fitted, viewOf } from './view.ts';
import type { ViewOptions } from './view.ts';

type View = NonNullable<Kind['view']>;

export type Versions = {
  /** By apiVersion. */
  readonly views: ReadonlyMap<string, View>;
  readonly storedForm: (draft: Draft) => Draft;
  readonly prepare: CustomKind['prepare'];
};

export const createVersions = (definition: CustomResourceDefinition, conversion: Conversion): Versions => {
  const { group, versions } = definition.spec;
  const schemas = new Map(versions.map((version) => [`${group}/${version.name}`, schemaOf(version)]));
  const options = versions
    .filter(({ served }) => served)
    .map(({ name }) => ({ apiVersion: `${group}/${name}`, schemas, convert: conversion.convert }));
  const views = new Map(
    options.map((each) => [
      each.apiVersion,
      rememberEach((stored: Stored<KubeObject>) => viewOf(each, stored)),
    ]),
  );
  const storage = `${group}/${storageVersionOf(definition)}`;
  return {
    views,
    storedForm: (draft) => {
      const form =
        draft.apiVersion === storage
          ? draft
          : fitted(conversion.convert(draft as JsonObject, storage), schemas);
      if (conversion.learn) checkShown(options, form as unknown as Stored<KubeObject>);
      return form;
    },
    prepare: conversion.learn && preparer([...views.values()], conversion.learn),
  };
};

/** Whoever watches will be shown the object in the step in which it is stored: all views of it must be known by then. */
const checkShown = (options: readonly ViewOptions[], form: Stored<KubeObject>): void => {
  for (const each of options) viewOf(each, form);
};

const CHUNK = 250;

const preparer =
  (views: readonly View[], learn: NonNullable<Conversion['learn']>): NonNullable<CustomKind['prepare']> =>
  async (stored, missed) => {
    if (missed instanceof NotConverted) await learn([missed]);
    for (let at = 0; at < stored.length; at += CHUNK) {
      const chunk = stored.slice(at, at + CHUNK);
      const unknown = chunk.flatMap((object) => views.flatMap((view) => missing(view, object)));
      if (unknown.length === 0) continue;
      await learn(unknown);
      for (const object of chunk) for (const view of views) view(object);
    }
  };

const missing = (view: View, object: Stored<KubeObject>): readonly NotConverted[] => {
  try {
    view(object);
    return [];
  } catch (error) {
    if (error instanceof NotConverted) return [error];
    throw error;
  }
};
